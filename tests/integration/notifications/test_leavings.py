"""Mail after notice to an agreement: to the administrators of both hospitals, and to the two of each pair under it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import AgreementNoticeGiven
from shared.contracts.pairing import PairAskedToGoOn, PairGoesOn
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import DAY, Office, Someone

ASKED = "Do you want to go on with your pair?"
REMINDER = "Reminder: do you want to go on with your pair?"
GOES_ON, ENDED = "Your pair goes on", "Your pair has ended with the agreement"
NOTICE = "Notice was given to a sharing agreement"
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A pair of two hospitals, who both read English."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


async def asked(office: Office, days: int = 9) -> PairAskedToGoOn:
    """The notice is over in so many days."""
    facts = (await office.paused("asked")).model_dump(exclude={"reason", "review_at"})
    return PairAskedToGoOn(**facts, decide_by=await office.now() + days * DAY)


async def goes_on(office: Office) -> PairGoesOn:
    """Both said yes."""
    return PairGoesOn(**(await office.paused("asked")).model_dump(exclude={"reason", "review_at"}))


def both(office: Office) -> list[list[str]]:
    """What arrived for the two."""
    return [office.subjects(each) for each in (office.mentor, office.mentee)]


async def test_both_are_asked_and_reminded_once_seven_days_before_the_end(office: Office) -> None:
    start, event = await office.now(), await asked(office)
    await office.hear(event, event)
    await office.send()
    assert both(office) == [[ASKED]] * 2
    await office.step_to(start + 2 * DAY - MOMENT)
    await office.send()
    assert both(office) == [[ASKED]] * 2
    await office.step_to(start + 2 * DAY)
    await office.send()
    await office.step_to(start + 3 * DAY)
    await office.send()
    assert both(office) == [[ASKED, REMINDER]] * 2


async def test_a_notice_shorter_than_seven_days_has_no_reminder_and_says_why(office: Office) -> None:
    await office.hear(await asked(office, days=7))
    await office.send()
    assert both(office) == [[ASKED]] * 2
    assert ("leaving_reminder", "suppressed", "booked_late") in await office.became(office.mentee)


async def test_both_are_told_that_they_go_on_and_are_reminded_no_more(office: Office) -> None:
    await office.hear(await asked(office))
    await office.send()
    event = await goes_on(office)
    await office.hear(event, event)
    await office.send()
    assert await office.service.rows("SELECT FROM timers WHERE kind = 'reminder_due'") == []
    await office.step_to(await office.now() + 3 * DAY)
    await office.send()
    assert both(office) == [[ASKED, GOES_ON]] * 2


async def test_both_are_told_that_the_notice_ended_their_pair(office: Office) -> None:
    await office.hear(await asked(office))
    await office.send()
    await office.step_to(await office.now() + DAY)
    event = await office.pair_ended("notice")
    await office.hear(event, event)
    await office.send()
    assert [subjects[-1] for subjects in both(office)] == [ENDED, ENDED]


@pytest.mark.parametrize("reason", ["asked", "term_over", "left"])
async def test_a_pair_that_ends_otherwise_is_asked_and_reminded_no_more(office: Office, reason: str) -> None:
    await office.hear(await asked(office))
    await office.hear(await office.pair_ended(reason))
    await office.send()
    await office.step_to(await office.now() + 3 * DAY)
    await office.send()
    assert both(office) == [[], []]
    assert await office.became(office.mentor) == [("leaving_asked", "suppressed", "cause_gone")]


async def test_what_was_decided_before_this_service_knew_such_questions_is_told_too(office: Office) -> None:
    await office.hear(await goes_on(office))
    await office.hear(await office.pair_ended("notice"))
    await office.send()
    assert both(office) == [[ENDED]] * 2
    assert await office.service.rows("SELECT FROM parked WHERE aggregate_id = $1", office.pair_id) == []


async def notice(lender_id: UUID, borrower_id: UUID, office: Office) -> AgreementNoticeGiven:
    """One hospital gives notice."""
    now = await office.now()
    return AgreementNoticeGiven(
        version=1,
        occurred_at=now,
        institution_ids=(lender_id, borrower_id),
        agreement_id=uuid4(),
        lender_institution_id=lender_id,
        borrower_institution_id=borrower_id,
        ends_at=now + 30 * DAY,
    )


async def test_administrators_of_both_hospitals_hear_of_a_notice_and_nobody_else(office: Office) -> None:
    lender_id, borrower_id = office.mentor.institution_id, office.mentee.institution_id
    them = [administrator_of(each) for each in (lender_id, borrower_id, uuid4())]
    for each in them:
        await office.administers(each)
    event = await notice(lender_id, borrower_id, office)
    await office.hear(event, event)
    await office.send()
    assert [office.subjects(each) for each in them] == [[NOTICE], [NOTICE], []]
    assert both(office) == [[], []]
    for mail in office.mails(them[0]):
        assert office.mentor.name not in mail.as_string()


def administrator_of(institution_id: UUID) -> Someone:
    """Somebody who reads English."""
    return replace(Someone("Ines Amt", "Europe/Madrid", "en"), person_id=uuid4(), institution_id=institution_id)
