"""Notifications on real PostgreSQL and a real mail server."""
