"""What mentors who introduce and people who are asked do; refuses to show another's answer, or that there is one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import ClassVar, Final, LiteralString, get_args
from uuid import UUID

from services.pairing import store
from services.pairing.domain import (
    ColleagueNotFound,
    Introduction,
    IntroductionNotFound,
    IntroductionOpen,
    NoMentor,
    NotYourMentee,
    NotYourStep,
    Person,
    ShownIntroduction,
    Side,
    new_introduction,
    refuse_unlisted,
)
from services.pairing.use_cases.aftermath import CardsOutdated
from services.pairing.use_cases.asides import ask_both, tell_both_that_it_is_over
from shared.contracts.pairing import IntroductionClosed, IntroductionEvent
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.http import Revision
from shared.platform.members import Person as Member
from shared.platform.timers import Timer

_SIDES: Final[tuple[Side, ...]] = get_args(Side)


class IntroductionLapses(Timer):
    """Fourteen days after two people were asked; it fires however late, and a no is told as silence is."""

    kind: ClassVar[str] = "introduction_lapses"
    lock: ClassVar[LiteralString] = """
        SELECT introduction_id FROM introductions WHERE introduction_id = ANY($1) ORDER BY introduction_id
        FOR UPDATE SKIP LOCKED
    """


async def show_fields(tx: Transaction, me: Member, now: datetime) -> list[str]:
    """In what the mentor says they can introduce somebody. Raises NoMentor."""
    _refuse_who_is_no_mentor(await store.find_person(tx, me.institution_id, me.person_id))
    return await store.list_fields(tx, me.institution_id, me.person_id, now)


async def set_fields(tx: Transaction, me: Member, fields: Sequence[str], now: datetime) -> list[str]:
    """The mentor lists other fields, and the cards at other institutions follow by the clock. Raises NoMentor."""
    _refuse_who_is_no_mentor(await store.find_person_for_update(tx, me.institution_id, me.person_id))
    await store.save_fields(tx, me.institution_id, me.person_id, list(dict.fromkeys(fields)))
    await timers.schedule(tx, CardsOutdated(subject_id=me.person_id), now)
    return await store.list_fields(tx, me.institution_id, me.person_id, now)


async def offer_introduction(
    tx: Transaction, me: Member, mentee_id: UUID, colleague_id: UUID, field: str, now: datetime
) -> ShownIntroduction:
    """The mentor asks a mentee of theirs, or one who asked for it, and a colleague; both at once, and without names.

    Raises NoMentor, FieldNotListed, NotYourMentee, ColleagueNotFound, SamePerson, IntroductionOpen.
    """
    people = await store.list_people_for_share(tx, me.institution_id, [me.person_id])
    _refuse_who_is_no_mentor(people.get(me.person_id))
    refuse_unlisted(field, await store.list_fields(tx, me.institution_id, me.person_id, now))
    mentees_id = await store.find_mentees_institution(tx, me.person_id, mentee_id, now)
    if mentees_id is None:
        raise NotYourMentee
    colleagues_id = await store.find_colleague(tx, colleague_id, mentees_id, now)
    if colleagues_id is None:
        raise ColleagueNotFound
    introduction = new_introduction(
        (me.person_id, me.institution_id), (mentee_id, mentees_id), (colleague_id, colleagues_id), field, now
    )
    said = introduction.offer()
    if not await store.add_introduction(tx, introduction):
        raise IntroductionOpen
    await store.save_wishes_answered(tx, introduction)
    for side in _SIDES:
        asked = introduction.asked(side)
        async with standing_as(tx, asked.institution_id, asked.person_id):
            await store.add_side(tx, introduction, side)
    await outbox.publish(tx, said)
    await ask_both(tx, introduction)
    lapses = IntroductionLapses(subject_id=introduction.introduction_id)
    await timers.schedule(tx, lapses, introduction.answer_by)
    return await store.get_shown(tx, me.person_id, introduction.introduction_id)


async def answer_introduction(
    tx: Transaction, me: Member, introduction_id: UUID, seen: Revision, *, consents: bool, now: datetime
) -> ShownIntroduction:
    """One of the two who are asked says yes or no; what it answers and stores says nothing of the other one's no.

    Raises IntroductionNotFound, NotYourStep, StaleRevision, IntroductionClosed, IntroductionAnswered.
    """
    shown = await show_introduction(tx, me, introduction_id)  # not locked yet; whose it is never changes
    if shown.part == "mentor":
        raise NotYourStep
    introduction = await _get_for_update(tx, shown)
    side = introduction.side_of(me.person_id)
    seen.check(introduction.asked(side).revision)
    await _tell(tx, introduction, introduction.move("consent" if consents else "decline", side, now))
    return await show_introduction(tx, me, introduction_id)


async def withdraw_introduction(
    tx: Transaction, me: Member, introduction_id: UUID, seen: Revision, now: datetime
) -> ShownIntroduction:
    """The mentor takes it back. Raises IntroductionNotFound, NotYourStep, StaleRevision, IntroductionClosed."""
    shown = await show_introduction(tx, me, introduction_id)
    if shown.part != "mentor":
        raise NotYourStep
    introduction = await _get_for_update(tx, shown)
    seen.check(introduction.revision)
    await _tell(tx, introduction, introduction.move("withdraw", "mentor", now))
    return await show_introduction(tx, me, introduction_id)


async def show_introduction(tx: Transaction, me: Member, introduction_id: UUID) -> ShownIntroduction:
    """An introduction, for one of its three. Raises IntroductionNotFound."""
    return await store.get_shown(tx, me.person_id, introduction_id)


async def list_introductions(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[ShownIntroduction]:
    """What somebody offered, and what asks or asked them, the latest first."""
    return await store.list_shown(tx, me.person_id, after, limit)


async def lapse_introduction(tx: Transaction, introduction_id: UUID, now: datetime) -> None:
    """Fourteen days passed without two yeses; the timer pass holds the introduction's lock."""
    introduction = await store.find_introduction_for_update(tx, introduction_id)
    if introduction is not None:
        await _recall(tx, introduction)
        await _tell(tx, introduction, introduction.move("lapse", "clock", now))


async def withdraw_introductions_of(
    tx: Transaction, introductions: Sequence[Introduction], person_id: UUID, parts: frozenset[str]
) -> None:
    """Somebody is gone, or is no longer what they were in these introductions, which this transaction locked."""
    for introduction in introductions:
        who = {
            "mentor": introduction.mentor_id,
            "mentee": introduction.mentee.person_id,
            "colleague": introduction.colleague.person_id,
        }
        if any(who[part] == person_id for part in parts):
            await _recall(tx, introduction)
            await _tell(tx, introduction, introduction.move("withdraw", "directory", tx.now))


async def forget_introductions_of(tx: Transaction, institution_id: UUID, person_id: UUID) -> None:
    """Nothing stays of what somebody who was erased wrote, or asked for."""
    await store.save_fields(tx, institution_id, person_id, [])
    await store.delete_wishes(tx, person_id)
    await store.forget_fields(tx, person_id)
    await store.forget_asked_fields(tx, person_id)


@asynccontextmanager
async def standing_as(tx: Transaction, institution_id: UUID, person_id: UUID) -> AsyncGenerator[None]:
    """See and change what is this person's own, as long as an introduction that asks them is moved.

    What it says to each of the three stands behind their own wall, and the mentor's row is the lock of all of it.
    """
    before = await store.stand_as(tx, institution_id, person_id)
    yield
    await store.stand_as(tx, *before)


def _refuse_who_is_no_mentor(person: Person | None) -> None:
    if person is None or not person.is_mentor:
        raise NoMentor


async def _get_for_update(tx: Transaction, shown: ShownIntroduction) -> Introduction:
    async with standing_as(tx, shown.mentor_institution_id, shown.mentor_id):
        introduction = await store.find_introduction_for_update(tx, shown.introduction_id)
    if introduction is None:
        raise IntroductionNotFound
    await _recall(tx, introduction)
    return introduction


async def _recall(tx: Transaction, introduction: Introduction) -> None:
    for side in _SIDES:
        asked = introduction.asked(side)
        async with standing_as(tx, asked.institution_id, asked.person_id):
            await store.recall_answer(tx, introduction, side)


async def _tell(tx: Transaction, introduction: Introduction, said: IntroductionEvent | None) -> None:
    """Store a step, the same rows whatever it was, and publish it where anybody is told of it."""
    async with standing_as(tx, introduction.institution_id, introduction.mentor_id):
        await store.save_introduction(tx, introduction)
    for side in _SIDES:
        asked = introduction.asked(side)
        async with standing_as(tx, asked.institution_id, asked.person_id):
            await store.save_side(tx, introduction, side)
    if said is not None:
        await outbox.publish(tx, said)
        if isinstance(said, IntroductionClosed):
            await tell_both_that_it_is_over(tx, introduction, said.occurred_at)
        await timers.cancel(tx, IntroductionLapses, introduction.introduction_id)
