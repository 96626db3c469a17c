"""Mail about what concerns one person alone: the offer to a second year, and an erasure that a legal hold delays."""

from typing import Any, TypeVar
from uuid import uuid4

import pytest

from shared.contracts.directory import ErasureDelayed
from shared.contracts.pairing import FirstYearAccepted, FirstYearDeclined, FirstYearEvent, FirstYearOffered
from shared.testing.running import Running
from tests.integration.notifications.mailbox import Mailbox
from tests.integration.notifications.office import Office, Someone

OFFERED, TAKES_ONE = "Would you take one new PGY-1?", "Somebody would take a new PGY-1"
WAITS = "Your erasure waits"
E = TypeVar("E", bound=FirstYearEvent)


@pytest.fixture
async def office(notifications: Running, mailbox: Mailbox) -> Office:
    """A mentee who reads English, and somebody who administers their hospital."""
    office = Office(notifications, mailbox, mentee=Someone("Luz Ibarra", "America/Mexico_City", "en"))
    await office.open()
    return office


@pytest.fixture
async def administrator(office: Office) -> Someone:
    """Of the mentee's hospital."""
    someone = Someone("Ines Amt", "Europe/Madrid", "en", institution_id=office.mentee.institution_id)
    await office.administers(someone)
    return someone


async def say(office: Office, kind: type[E], offer_id: Any, version: int) -> E:
    """Something about the mentee's offer."""
    return kind(
        version=version,
        occurred_at=await office.now(),
        institution_ids=(office.mentee.institution_id,),
        offer_id=offer_id,
        person_id=office.mentee.person_id,
        institution_id=office.mentee.institution_id,
    )


async def test_a_second_year_is_asked_and_of_a_yes_the_administrators_hear_without_a_name(
    office: Office, administrator: Someone
) -> None:
    offer_id = uuid4()
    offered = await say(office, FirstYearOffered, offer_id, 1)
    await office.hear(offered, offered)
    await office.send()
    assert (office.subjects(office.mentee), office.subjects(administrator)) == ([OFFERED], [])
    accepted = await say(office, FirstYearAccepted, offer_id, 2)
    await office.hear(accepted, accepted)
    await office.send()
    assert (office.subjects(office.mentee), office.subjects(administrator)) == ([OFFERED], [TAKES_ONE])
    assert office.mentee.name not in office.mails(administrator)[0].as_string()


async def test_of_a_no_nobody_hears_and_who_answered_is_asked_no_more(office: Office, administrator: Someone) -> None:
    offer_id = uuid4()
    await office.hear(
        await say(office, FirstYearOffered, offer_id, 1), await say(office, FirstYearDeclined, offer_id, 2)
    )
    await office.send()
    assert (office.subjects(office.mentee), office.subjects(administrator)) == ([], [])
    assert await office.became(office.mentee) == [("first_year_offered", "suppressed", "cause_gone")]


async def test_a_person_hears_that_their_erasure_waits_and_nothing_once_they_were_erased(office: Office) -> None:
    facts = (await office.went_on_leave(office.mentee)).model_dump(exclude={"since"})
    delayed = ErasureDelayed(**facts)
    await office.hear(delayed, delayed)
    await office.send()
    assert office.subjects(office.mentee) == [WAITS]
    again = (await office.went_on_leave(office.mentee)).model_dump(exclude={"since"})
    await office.hear(ErasureDelayed(**again), await office.erased(office.mentee))
    await office.send()
    assert office.subjects(office.mentee) == [WAITS]
    assert ("erasure_delayed", "suppressed", "erased") in await office.became(office.mentee)
