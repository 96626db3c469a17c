"""The directory with real PostgreSQL, and its looks at the contacts topic with real Kafka."""
