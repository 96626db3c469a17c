"""Mail to a mentor whom a request asks: at once and 48 hours later, and nothing once the choice is over."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.pairing import (
    ChoiceEvent,
    RequestAccepted,
    RequestDeclined,
    RequestLapsed,
    RequestPassedOver,
    RequestWithdrawn,
)
from tests.integration.notifications.office import DAY, Office

ASKED = "A mentee asks you to be their mentor"
REMINDER = f"Reminder: {ASKED[0].lower()}{ASKED[1:]}"
ENDS: list[tuple[type[ChoiceEvent], dict[str, Any]]] = [
    (RequestAccepted, {"pair_id": uuid4()}),
    (RequestDeclined, {}),
    (RequestLapsed, {}),
    (RequestPassedOver, {"reason": "agreement_ending"}),
    (RequestWithdrawn, {"reason": "asked"}),
]


async def test_a_mentor_is_mailed_when_asked_and_reminded_once_forty_eight_hours_later(office: Office) -> None:
    asked_at = await office.now()
    sent = await office.request_sent()
    await office.hear(sent, sent)
    await office.send()
    await office.step_to(asked_at + 2 * DAY - timedelta(seconds=1))
    await office.send()
    assert office.subjects(office.mentor) == [ASKED]
    await office.step_to(asked_at + 2 * DAY)
    await office.send()
    await office.step_to(asked_at + 3 * DAY)
    await office.send()
    assert office.subjects(office.mentor) == [ASKED, REMINDER]
    assert office.subjects(office.mentee) == []
    assert await office.service.rows("SELECT FROM timers WHERE subject_id = $1", office.choice_id) == []


@pytest.mark.parametrize(("kind", "facts"), ENDS, ids=[kind.__name__ for kind, _ in ENDS])
async def test_any_end_of_the_choice_takes_the_reminder_back(
    office: Office, kind: type[ChoiceEvent], facts: dict[str, Any]
) -> None:
    asked_at = await office.now()
    await office.hear(await office.request_sent(), await office.request_says(kind, **facts))
    assert await office.service.rows("SELECT FROM timers WHERE subject_id = $1", office.choice_id) == []
    await office.send()
    assert await office.became(office.mentor) == [("request_sent", "suppressed", "cause_gone")]
    await office.step_to(asked_at + 2 * DAY)
    await office.send()
    assert office.subjects(office.mentor) == []
    assert len(await office.became(office.mentor)) == 1


async def test_a_reminder_that_waits_for_the_mail_server_does_not_go_after_an_answer(office: Office) -> None:
    asked_at = await office.now()
    await office.hear(await office.request_sent())
    await office.send()
    await office.step_to(asked_at + 2 * DAY)
    await office.hear(await office.request_says(RequestDeclined))
    await office.send()
    assert ("request_reminder", "suppressed", "cause_gone") in await office.became(office.mentor)
    assert office.subjects(office.mentor) == [ASKED]


async def test_a_reminder_whose_time_passed_in_an_outage_expires_with_a_record(office: Office) -> None:
    asked_at = await office.now()
    await office.hear(await office.request_sent())
    await office.step_to(asked_at + 2 * DAY + timedelta(hours=1, seconds=1))
    await office.send()
    assert ("request_reminder", "suppressed", "expired") in await office.became(office.mentor)
    assert REMINDER not in office.subjects(office.mentor)


async def test_a_choice_that_was_never_asked_is_passed_over_without_a_word(office: Office) -> None:
    await office.hear(await office.request_sent(), await office.request_says(RequestDeclined))
    office.choice_id = uuid4()
    await office.hear(await office.request_says(RequestPassedOver, reason="capacity_exhausted"))
    assert await office.service.rows("SELECT FROM causes WHERE cause_id = $1", office.choice_id) == []
    assert await office.service.rows("SELECT FROM parked WHERE aggregate_id = $1", office.request_id) == []
