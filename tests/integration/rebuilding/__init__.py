"""Three services on a Kafka of their own, stopped, emptied and built again from the first event."""
