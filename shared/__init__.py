"""What every service stands on: the vocabulary of events, the platform, and what tests use."""
