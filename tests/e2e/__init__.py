"""The whole platform through its public doors."""
