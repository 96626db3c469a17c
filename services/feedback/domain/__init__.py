"""The rules of feedback, in two parts: what is asked, and what may become of a request; no I/O."""

from services.feedback.domain.forms import (
    FORMS,
    THIRD_MEETING,
    Answers,
    AnswersDoNotFit,
    Form,
    FreeText,
    Scale,
    form_of,
)
from services.feedback.domain.request import (
    STEPS,
    AlreadyRevealed,
    FeedbackRequest,
    Pair,
    RequestClosed,
    RequestNotFound,
    RequestWithdrawn,
    State,
    request_id_of,
)

__all__ = [
    "FORMS",
    "STEPS",
    "THIRD_MEETING",
    "AlreadyRevealed",
    "Answers",
    "AnswersDoNotFit",
    "FeedbackRequest",
    "Form",
    "FreeText",
    "Pair",
    "RequestClosed",
    "RequestNotFound",
    "RequestWithdrawn",
    "Scale",
    "State",
    "form_of",
    "request_id_of",
]
