"""What the platform decides without any I/O."""
