"""Rules of the directory, without I/O."""
