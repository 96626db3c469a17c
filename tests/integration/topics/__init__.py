"""Topics, users and permissions on a real broker."""
