"""A mentor's own switch: whether they take anybody new; refuses who is no mentor."""

from datetime import datetime
from typing import ClassVar, LiteralString
from uuid import UUID

from services.pairing import store
from services.pairing.domain import IntakeNotFound, Person
from services.pairing.use_cases.aftermath import CardsOutdated
from services.pairing.use_cases.cascade import BY_MENTOR, take_mentor_away
from services.pairing.use_cases.roster import write_cards
from shared.platform import timers
from shared.platform.database import Transaction
from shared.platform.members import Person as Member
from shared.platform.timers import Timer


class IntakeClosed(Timer):
    """A mentor takes nobody new: who is asking them goes on at once, however late.

    These requests and the cards at other institutions stand behind the mentor's wall, so the worker moves them.
    """

    kind: ClassVar[str] = "intake_closed"
    lock: ClassVar[LiteralString] = CardsOutdated.lock

    institution_id: UUID


async def show_intake(tx: Transaction, me: Member) -> Person:
    """The mentor, with the switch as it stands. Raises IntakeNotFound."""
    return _mentor(await store.find_person(tx, me.institution_id, me.person_id))


async def set_intake(tx: Transaction, me: Member, *, accepting: bool) -> Person:
    """The mentor closes or opens intake; twice is the same as once. Raises IntakeNotFound."""
    await switch_intake(tx, me, accepting=accepting)
    await follow_intake(tx, me, accepting=accepting)
    return await show_intake(tx, me)


async def switch_intake(tx: Transaction, me: Member, *, accepting: bool) -> None:
    """The switch alone, under the lock of the mentor's row. Raises IntakeNotFound."""
    _mentor(await store.find_person_for_update(tx, me.institution_id, me.person_id))
    await store.save_accepting(tx, me.institution_id, me.person_id, accepting=accepting)


async def follow_intake(tx: Transaction, me: Member, *, accepting: bool) -> None:
    """What follows the switch, by the clock: cards, and of a closed one requests that wait for the mentor."""
    opened = CardsOutdated(subject_id=me.person_id)
    closed = IntakeClosed(subject_id=me.person_id, institution_id=me.institution_id)
    await timers.schedule(tx, opened if accepting else closed, tx.now)


async def pass_on_from(tx: Transaction, institution_id: UUID, mentor_id: UUID, now: datetime) -> None:
    """Who asks a mentor with a closed intake asks the next one; the timer pass holds the mentor's lock.

    The cards come first: whoever is sending a request by one of them is waited for, and found.
    """
    await write_cards(tx, [mentor_id])
    requests = await store.list_open_requests_about_for_update(tx, mentor_id)
    mentor = await store.find_person(tx, institution_id, mentor_id)
    if mentor is not None and not mentor.accepting:
        await take_mentor_away(tx, requests, mentor_id, now, BY_MENTOR)


def _mentor(person: Person | None) -> Person:
    if person is None or not person.is_mentor:
        raise IntakeNotFound
    return person
