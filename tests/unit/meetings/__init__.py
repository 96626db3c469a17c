"""The rules of meetings, without a database."""
