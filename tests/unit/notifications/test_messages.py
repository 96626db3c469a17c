"""Until when a message may go, what stops it, and that it is settled once."""

from datetime import timedelta
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.notifications.domain import HOLDS, STEPS, AlreadyDecided, Category, CauseState, Message, PersonStatus
from tests.unit.notifications.making import DAY, HOUR, NOW, a_meeting, a_message

MOMENT = timedelta(microseconds=1)


def test_the_same_cause_category_and_person_make_the_same_message() -> None:
    meeting, event_id = a_meeting(), uuid4()
    twice = [
        Message.about(meeting, person, category, event_id=event_id, caused_at=NOW, ends_at=NOW + DAY).notification_id
        for _ in range(2)
        for person in (meeting.mentor_id, meeting.mentee_id)
        for category in get_args(Category)
    ]
    assert len(set(twice)) * 2 == len(twice)


def test_a_mail_lives_72_hours_and_not_beyond_its_point() -> None:
    meeting = a_meeting()
    assert a_message(meeting, "meeting_proposed", NOW + 9 * DAY).expires_at == NOW + 72 * HOUR
    assert a_message(meeting, "meeting_proposed", NOW + HOUR).expires_at == NOW + HOUR


def test_a_reminder_lives_until_its_meeting_begins() -> None:
    meeting = a_meeting(NOW + 24 * HOUR)
    reminder = a_message(meeting, ends_at=NOW + 24 * HOUR)
    assert reminder.stopped_by(meeting, "here", NOW + 24 * HOUR - MOMENT, can_be_reached=True) is None
    assert reminder.stopped_by(meeting, "here", NOW + 24 * HOUR, can_be_reached=True) == "expired"
    assert reminder.stopped_by(meeting, "here", NOW + 24 * HOUR, can_be_reached=False) == "no_contact"


def test_a_reminder_of_a_meeting_that_moved_or_fell_does_not_go() -> None:
    moved, cancelled = a_meeting(), a_meeting()
    late, needless = a_message(moved), a_message(cancelled)
    moved.book(uuid4(), NOW + 5 * DAY, NOW + 5 * DAY + HOUR)
    cancelled.state = "over"
    assert late.stopped_by(moved, "here", NOW, can_be_reached=True) == "cause_gone"
    assert needless.stopped_by(cancelled, "here", NOW, can_be_reached=True) == "cause_gone"


def test_the_mail_about_a_chosen_time_goes_with_the_time_that_holds_now() -> None:
    meeting = a_meeting()
    message = a_message(meeting, "meeting_scheduled")
    meeting.book(uuid4(), NOW + 5 * DAY, NOW + 5 * DAY + HOUR)
    assert message.stopped_by(meeting, "here", NOW, can_be_reached=True) is None


@pytest.mark.parametrize("category", get_args(Category))
def test_leave_stops_reminders_and_nothing_else(category: Category) -> None:
    meeting = a_meeting()
    meeting.state = next(iter(HOLDS[category]))
    stopped = a_message(meeting, category).stopped_by(meeting, "on_leave", NOW, can_be_reached=True)
    spared = {"meeting_reminder", "request_reminder", "opportunity_week", "opportunity_day"}
    spared |= {"drift_raised", "leaving_reminder"}
    assert stopped == ("on_leave" if category in spared else None)


@pytest.mark.parametrize("status", ["left", "erased"])
def test_nobody_who_left_or_was_erased_gets_anything(status: PersonStatus) -> None:
    meeting = a_meeting()
    assert a_message(meeting).stopped_by(meeting, status, NOW, can_be_reached=True) == status


@given(some.sampled_from(get_args(Category)), some.sampled_from(get_args(CauseState)))
def test_a_mail_goes_only_while_what_it_says_is_so(category: Category, state: CauseState) -> None:
    meeting = a_meeting()
    meeting.state = state
    stopped = a_message(meeting, category).stopped_by(meeting, "here", NOW, can_be_reached=True)
    assert (stopped is None) == (state in HOLDS[category])


def test_what_happened_before_the_service_began_is_history_and_starting_takes_a_minute() -> None:
    message = a_message(a_meeting())
    assert message.is_history(NOW + timedelta(minutes=1) + MOMENT)
    assert not message.is_history(NOW + timedelta(minutes=1))
    assert not message.is_history(NOW - DAY)


def settle(message: Message, act: str) -> int:
    """Do one act, and give the version that was said."""
    match act:
        case "send":
            return message.send(NOW).version
        case "fail":
            return message.fail("smtp_550", NOW).version
        case _:
            return message.suppress("expired", NOW).version


@pytest.mark.parametrize("act", ["send", "fail", "suppress"])
def test_each_message_is_settled_once_with_one_event(act: str) -> None:
    message = a_message(a_meeting())
    assert settle(message, act) == message.version == 1
    assert (("waiting", act), message.state) in STEPS.items()
    for again in ("send", "fail", "suppress"):
        with pytest.raises(AlreadyDecided):
            settle(message, again)
    assert message.version == 1
