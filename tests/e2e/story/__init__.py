"""The demo as anybody runs it."""
