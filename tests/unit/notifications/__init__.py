"""Rules and letters of notifications, without any I/O."""
