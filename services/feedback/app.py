"""The composition root of feedback: the only file that wires it together; it connects to nothing."""

from services.feedback.api import routes
from services.feedback.consumers import events
from services.feedback.timers import clock
from shared.contracts.feedback import (
    ErasureDone,
    FeedbackClosed,
    FeedbackRequested,
    FeedbackRevealed,
    FeedbackSubmitted,
    FeedbackWithdrawn,
)
from shared.platform.service import Service


def build() -> Service:
    """Feedback as data."""
    return Service(
        name="feedback",
        says=(FeedbackRequested, FeedbackSubmitted, FeedbackRevealed, FeedbackClosed, FeedbackWithdrawn, ErasureDone),
        routes=(routes,),
        events=(events,),
        timers=clock,
        recalls=FeedbackRequested.topic,
        recalls_by="pair_id",
    )
