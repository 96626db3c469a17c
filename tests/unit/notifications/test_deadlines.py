"""Reminders of deadlines: at nine where a person is, and written down before it is nine anywhere."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.notifications.domain import BEFORE_DEADLINE, EARLIEST_NINE, Cause, Message, nine_before
from tests.unit.notifications.making import DAY, HOUR, NOW

ZONES = (
    "Europe/Warsaw",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "UTC",
)


@pytest.mark.parametrize(
    ("deadline", "zone", "days", "nine"),
    [
        (datetime(2027, 2, 20, 15, tzinfo=UTC), "Europe/Warsaw", 7, datetime(2027, 2, 13, 8, tzinfo=UTC)),
        (datetime(2027, 2, 20, 15, tzinfo=UTC), "America/Mexico_City", 1, datetime(2027, 2, 19, 15, tzinfo=UTC)),
        # The end of 1 March in Warsaw: in Warsaw its last day is 1 March, in Tokyo already the 2nd.
        (datetime(2027, 3, 1, 23, tzinfo=UTC), "Europe/Warsaw", 1, datetime(2027, 2, 28, 8, tzinfo=UTC)),
        (datetime(2027, 3, 1, 23, tzinfo=UTC), "Asia/Tokyo", 1, datetime(2027, 3, 1, 0, tzinfo=UTC)),
        # The clocks change on 28 March between the reminder and the deadline.
        (datetime(2027, 3, 30, 12, tzinfo=UTC), "Europe/Warsaw", 7, datetime(2027, 3, 23, 8, tzinfo=UTC)),
        (datetime(2027, 3, 30, 12, tzinfo=UTC), "Europe/Warsaw", 1, datetime(2027, 3, 29, 7, tzinfo=UTC)),
        (datetime(2027, 2, 20, 15, tzinfo=UTC), "Nowhere/At_All", 1, datetime(2027, 2, 19, 9, tzinfo=UTC)),
    ],
)
def test_it_is_nine_in_the_morning_of_the_day_so_many_days_before(
    deadline: datetime, zone: str, days: int, nine: datetime
) -> None:
    assert nine_before(deadline, zone, days) == nine


@given(
    some.integers(0, 1461 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    some.sampled_from(ZONES),
    some.sampled_from(sorted(BEFORE_DEADLINE.values())),
)
def test_it_is_never_nine_before_the_reminder_is_written_down(deadline: datetime, zone: str, days: int) -> None:
    nine = nine_before(deadline, zone, days)
    assert nine >= deadline - timedelta(days=days) - EARLIEST_NINE
    assert nine < deadline
    assert nine.astimezone(ZoneInfo(zone)).hour == 9


def test_a_reminder_is_missed_an_hour_after_nine_and_by_whoever_followed_later_than_nine() -> None:
    deadline = NOW + 10 * DAY
    nine = nine_before(deadline, "Europe/Warsaw", 7)
    cause = Cause(uuid4(), "opportunity", uuid4(), uuid4(), uuid4(), uuid4(), "open", answer_by=deadline)
    cause.followed_at = NOW
    message = Message.about(
        cause, cause.mentee_id, "opportunity_week", event_id=cause.cause_id, caused_at=NOW, ends_at=deadline
    )
    assert message.own_time(cause, "Europe/Warsaw") == nine
    assert message.missed(cause, "Europe/Warsaw", nine + HOUR) is None
    assert message.missed(cause, "Europe/Warsaw", nine + HOUR + timedelta(microseconds=1)) == "expired"
    cause.followed_at = nine
    assert message.missed(cause, "Europe/Warsaw", nine) == "booked_late"


def test_every_other_mail_goes_at_any_hour() -> None:
    cause = Cause(uuid4(), "choice", uuid4(), uuid4(), uuid4(), uuid4(), "open", answer_by=NOW + DAY)
    message = Message.about(
        cause, cause.mentor_id, "request_reminder", event_id=uuid4(), caused_at=NOW, ends_at=NOW + DAY
    )
    assert message.own_time(cause, "Europe/Warsaw") is None
    assert message.missed(cause, "Europe/Warsaw", NOW + 9 * DAY) is None
