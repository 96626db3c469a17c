"""What the schema generator decides without any service."""
