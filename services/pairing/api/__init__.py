"""Pairing over HTTP: parse, call one use case, show what became of it; refuses to hold a rule."""

from services.pairing.api import conflicts, pairs

routes = (pairs.routes, conflicts.routes)

__all__ = ["routes"]
