"""Schemas of the services: built the same both ways, and without the known faults of row-level security."""
