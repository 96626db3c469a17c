"""The local parts, started for real."""
