"""Writes what follows from events, topics and services: JSON Schemas, AsyncAPI, OpenAPI and the guide's tables."""
