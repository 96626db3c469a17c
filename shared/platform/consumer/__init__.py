"""Kafka in: every event's effect once, in version order per aggregate; refuses any other way to subscribe."""

from shared.platform.consumer.handlers import EventConsumer

__all__ = ["EventConsumer"]
