"""Meetings on real PostgreSQL: its operations through the HTTP edge, its handlers and its timers."""
