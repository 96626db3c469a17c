"""One real service each, on real PostgreSQL and Kafka."""
