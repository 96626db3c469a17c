"""Pairs and requests made up for one test; the ids are fresh, and nothing is stored."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.feedback.domain import FeedbackRequest, Pair

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def a_pair() -> Pair:
    """Two people of two institutions, who have not met yet."""
    return Pair(uuid4(), uuid4(), uuid4(), uuid4(), uuid4())


def a_request() -> FeedbackRequest:
    """Asked at NOW."""
    request, _ = FeedbackRequest.ask(a_pair(), uuid4(), NOW)
    return request
