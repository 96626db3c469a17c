"""The console's read model, walls, sessions and pages on real PostgreSQL."""
