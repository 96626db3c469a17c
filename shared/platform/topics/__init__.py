"""Kafka's topics, users and permissions as the catalogue says; refuses what an existing topic would not survive."""

from shared.platform.topics.cluster import Security, apply
from shared.platform.topics.grants import Grant, acls, principals
from shared.platform.topics.plan import LOCAL, PRODUCTION, Copies, Plan, TopicsRefused

__all__ = ["LOCAL", "PRODUCTION", "Copies", "Grant", "Plan", "Security", "TopicsRefused", "acls", "apply", "principals"]
