"""What documents say, compared with what the code says: a document that is no longer true fails a test."""
