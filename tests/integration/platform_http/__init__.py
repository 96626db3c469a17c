"""The HTTP edge on a real PostgreSQL."""
