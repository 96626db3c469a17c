"""Pairing over HTTP: each operation parses, calls one use case and shows the outcome; refuses to hold a rule."""

from typing import Final

from services.pairing.api import (
    circles,
    compacts,
    concerns,
    conflicts,
    declarations,
    export,
    first_years,
    introductions,
    leaving,
    opportunities,
    pairs,
    records,
    requests,
    wishes,
)
from services.pairing.api.pairs import Reason
from shared.platform.http import Routes

ROUTES: Final[tuple[Routes, ...]] = (
    pairs.routes,
    compacts.routes,
    concerns.routes,
    conflicts.routes,
    declarations.routes,
    export.routes,
    leaving.routes,
    requests.routes,
    introductions.routes,
    wishes.routes,
    circles.routes,
    opportunities.routes,
    first_years.routes,
    records.routes,
)
"""Every operation of pairing."""

__all__ = ["ROUTES", "Reason"]
