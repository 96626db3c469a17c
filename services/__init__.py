"""Osler's services: each owns its data and its words, and none imports another."""
