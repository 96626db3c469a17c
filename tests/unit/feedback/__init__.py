"""Rules of feedback, without any I/O."""
