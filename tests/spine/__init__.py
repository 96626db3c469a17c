"""The spine alone, on real PostgreSQL and Kafka: a small publisher and a small consumer, killed wherever they stand."""
