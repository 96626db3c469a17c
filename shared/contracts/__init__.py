"""The vocabulary between services: events, topics and who may read them; no plumbing."""
