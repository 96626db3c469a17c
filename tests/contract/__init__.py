"""What stands between services: events, topics, documents, and what a stock client makes of them."""
