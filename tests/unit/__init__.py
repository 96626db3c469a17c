"""Tests without I/O; milliseconds each."""
