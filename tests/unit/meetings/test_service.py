"""The service as data: what it times."""

from services.meetings import app


def test_both_timers_have_a_handler_and_none_of_them_expires() -> None:
    clock = app.build().timers
    assert clock is not None
    assert set(clock.due) == {"meeting_expires", "meeting_silence"}
    assert not clock.expired
