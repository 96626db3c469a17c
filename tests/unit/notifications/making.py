"""Causes, messages and letters made up for one test; the ids are fresh, and nothing is stored."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.notifications.domain import Category, Cause, Message
from services.notifications.use_cases import Letter
from shared.contracts.contacts import ContactDetails

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_meeting(starts_at: datetime = NOW + 3 * DAY, minutes: int = 30) -> Cause:
    """A booked meeting of two people of two institutions, which the mentor proposed."""
    mentor_id = uuid4()
    meeting = Cause(uuid4(), "meeting", mentor_id, uuid4(), uuid4(), uuid4(), "proposed", asked_by=mentor_id)
    meeting.slot_starts, meeting.slot_ends = [starts_at], [starts_at + timedelta(minutes=minutes)]
    meeting.answer_by = starts_at
    meeting.book(uuid4(), starts_at, starts_at + timedelta(minutes=minutes))
    return meeting


def a_message(cause: Cause, category: Category = "meeting_reminder", ends_at: datetime = NOW + 3 * DAY) -> Message:
    """A message to the mentee, caused at NOW."""
    return Message.about(cause, cause.mentee_id, category, event_id=uuid4(), caused_at=NOW, ends_at=ends_at)


def a_person(
    name: str = "Ada Okafor", *, locale: str = "en", zone: str = "Europe/Warsaw", email: str = "ada@hospital.example"
) -> ContactDetails:
    """Someone who can be reached."""
    return ContactDetails(name=name, email=email, locale=locale, time_zone=zone)


def a_letter(
    category: Category = "meeting_reminder",
    *,
    to: ContactDetails | None = None,
    other: ContactDetails | None = None,
    cause: Cause | None = None,
) -> Letter:
    """A letter to the mentee."""
    cause = cause or a_meeting()
    cause.answer_by = cause.answer_by or NOW + 7 * DAY
    return Letter(a_message(cause, category), cause, to or a_person(), other)
