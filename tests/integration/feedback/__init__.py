"""Feedback on real PostgreSQL."""
