"""What feedback says: who was asked and who answered; never what was answered."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.erasure import ErasureReceipt
from shared.contracts.event import Event


class FeedbackEvent(Event):
    """Something happened to a request for feedback."""

    topic: ClassVar[str] = "osler.feedback"
    aggregate: ClassVar[str] = "request_id"
    request_id: UUID
    pair_id: UUID


class FeedbackRequested(FeedbackEvent):
    """Both people of a pair are asked for feedback; it closes at `closes_at` if neither answers."""

    type: ClassVar[str] = "osler.feedback.feedback_requested.v1"
    mentor_id: UUID
    mentee_id: UUID
    occasion: Literal["third_meeting"]
    closes_at: AwareDatetime


class FeedbackSubmitted(FeedbackEvent):
    """One of the two gave, or changed, their answers; `reveals_at` is when the other sees them at the latest."""

    type: ClassVar[str] = "osler.feedback.feedback_submitted.v1"
    person_id: UUID
    reveals_at: AwareDatetime


class FeedbackRevealed(FeedbackEvent):
    """The two may read each other's answers, and the form is closed."""

    type: ClassVar[str] = "osler.feedback.feedback_revealed.v1"
    reason: Literal["both_answered", "fourteen_days"]


class FeedbackClosed(FeedbackEvent):
    """Nobody answered within thirty days."""

    type: ClassVar[str] = "osler.feedback.feedback_closed.v1"


class FeedbackWithdrawn(FeedbackEvent):
    """The pair ended before anybody answered."""

    type: ClassVar[str] = "osler.feedback.feedback_withdrawn.v1"


class ErasureDone(ErasureReceipt):
    """Feedback deleted what it held of a person who was erased, and takes no more of it."""

    type: ClassVar[str] = "osler.feedback.erasure_done.v1"
    topic: ClassVar[str] = "osler.feedback"
