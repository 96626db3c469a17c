"""The rules of pairs and places, without I/O."""
