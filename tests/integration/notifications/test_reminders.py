"""Reminders: 24 elapsed hours before, moved and ended with their meeting, and a record of each that did not go."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifications.app import build
from shared.contracts.notifications import NotificationSuppressed
from shared.testing.running import run_service
from shared.testing.stage import Engines, make_stage
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
REMINDER = "Reminder: you have a meeting"
RECORDATORIO = "Recordatorio: tiene una reuni\u00f3n"


async def test_both_are_reminded_24_hours_before_and_not_a_moment_earlier(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.step_to(start - DAY - MOMENT)
    await office.send()
    assert REMINDER not in office.subjects(office.mentor)
    await office.step_to(start - DAY)
    await office.send()
    await office.send()
    assert office.subjects(office.mentor).count(REMINDER) == 1
    assert office.subjects(office.mentee).count(RECORDATORIO) == 1


async def test_a_reminder_moves_with_its_meeting(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.hear(await office.moved(start + 2 * DAY))
    await office.step_to(start - DAY)
    await office.send()
    assert REMINDER not in office.subjects(office.mentor)
    await office.step_to(start + DAY)
    await office.send()
    assert office.subjects(office.mentor).count(REMINDER) == 1


async def test_a_meeting_that_moved_after_its_reminder_is_reminded_of_again(office: Office) -> None:
    start = await office.now() + 2 * DAY
    await office.book(start)
    await office.step_to(start - DAY)
    await office.send()
    await office.hear(await office.moved(start + 7 * DAY))
    await office.step_to(start + 6 * DAY)
    await office.send()
    assert office.subjects(office.mentor).count(REMINDER) == 2


async def test_a_cancelled_meeting_reminds_nobody(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.hear(await office.cancelled())
    await office.step_to(start)
    await office.send()
    assert REMINDER not in office.subjects(office.mentor)


async def test_a_meeting_that_falls_while_its_reminder_waits_for_the_mail_server_reminds_nobody(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.step_to(start - DAY)
    await office.hear(await office.cancelled())
    await office.send()
    assert ("meeting_reminder", "suppressed", "cause_gone") in await office.became(office.mentor)
    assert REMINDER not in office.subjects(office.mentor)


async def test_a_meeting_that_was_booked_less_than_a_day_ahead_has_no_reminder_and_a_record(office: Office) -> None:
    await office.book(await office.now() + DAY)
    for someone in (office.mentor, office.mentee):
        assert ("meeting_reminder", "suppressed", "booked_late") in await office.became(someone)
    said = await office.service.bodies(NotificationSuppressed)
    mine = [event for event in said if event.person_id == office.mentor.person_id]
    assert [(event.category, event.reason) for event in mine] == [("meeting_reminder", "booked_late")]


async def test_a_reminder_whose_time_passed_in_an_outage_expires_with_a_record(office: Office) -> None:
    soon, late = await office.now() + 3 * DAY, Office(office.service, office.mailbox)
    await late.open()
    await office.book(soon)
    await late.book(soon - HOUR - MOMENT)
    await office.step_to(soon - DAY)
    await office.send()
    assert REMINDER in office.subjects(office.mentor)
    assert ("meeting_reminder", "suppressed", "expired") in await late.became(late.mentor)
    assert REMINDER not in late.subjects(late.mentor)


async def test_a_reminder_waits_for_the_mail_server_until_the_meeting_begins(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.step_to(start - DAY)
    assert await office.sender(port=1).send_some() == 0
    await office.step_to(start)
    await office.retry_now()
    await office.send()
    assert ("meeting_reminder", "suppressed", "expired") in await office.became(office.mentor)


async def test_who_is_on_leave_is_not_reminded_and_everything_else_still_comes(office: Office) -> None:
    start = await office.now() + 3 * DAY
    await office.book(start)
    await office.hear(await office.went_on_leave(office.mentor))
    await office.step_to(start - DAY)
    await office.send()
    assert ("meeting_reminder", "suppressed", "on_leave") in await office.became(office.mentor)
    assert RECORDATORIO in office.subjects(office.mentee)
    await office.hear(await office.asked())
    await office.send()
    assert "Three short questions about your meetings" in office.subjects(office.mentor)


@pytest.mark.parametrize(
    ("start", "reminded_at"),
    [
        (datetime(2027, 3, 28, 10, 0, tzinfo=UTC), "11:00 CET"),
        (datetime(2027, 10, 31, 10, 0, tzinfo=UTC), "12:00 CEST"),
    ],
)
async def test_24_hours_are_elapsed_hours_also_over_a_change_of_the_clocks(
    engines: Engines, passwords: dict[str, str], mailbox: Mailbox, start: datetime, reminded_at: str
) -> None:
    stage = await make_stage(engines, passwords, ["notifications"])
    async with run_service(stage, build()) as service:
        await stage.step_to(start - 3 * DAY)
        office = Office(service, mailbox)
        await office.open()
        await office.book(start)
        (timer,) = await service.rows("SELECT due_at FROM timers WHERE subject_id = $1", office.meeting_id)
        assert timer["due_at"] == start - 24 * HOUR
        local = timer["due_at"].astimezone(ZoneInfo("Europe/Warsaw"))
        assert f"{local:%H:%M %Z}" == reminded_at
        await office.step_to(start - DAY)
        await office.send()
        body = office.mails(office.mentor)[-1].get_body(("plain",))
        assert body is not None
        assert {"11:00 CET": "12:00\u201312:30 CEST", "12:00 CEST": "11:00\u201311:30 CET"}[
            reminded_at
        ] in body.get_content()
