"""The service as data: what it times, and what none of its events may tell."""

from services.feedback import app
from shared.contracts.feedback import FeedbackEvent


def test_no_event_has_room_for_what_was_answered() -> None:
    fields = {name for event in FeedbackEvent.__subclasses__() for name in event.model_fields}
    assert not {name for name in fields if "answer" in name or "text" in name}


def test_both_timers_have_a_handler_and_none_of_them_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.due) == {"reveal_due", "closing_due"}
    assert not clock.expired
