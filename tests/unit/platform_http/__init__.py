"""The HTTP edge, without a database."""
