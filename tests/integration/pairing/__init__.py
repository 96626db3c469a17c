"""Pairing on a real PostgreSQL: its handlers, timers and HTTP."""
