"""Who directs, judges and coaches in a programme; pairing derives conflicts of interest from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, LiteralString
from uuid import UUID, uuid4

from services.directory.domain.duties import HeldDuty, ProgrammeNotFound
from services.directory.domain.people import Person
from services.directory.store import duties as store
from services.directory.store import institutions, people
from shared.contracts.directory import Duty
from shared.platform import outbox, timers
from shared.platform.database import Transaction


class DutyOver(timers.Timer):
    """The end of a duty has come. Its person is locked, as for every change of a person."""

    kind: ClassVar[str] = "duty_over"
    lock: ClassVar[LiteralString] = """
        SELECT d.duty_id FROM duties d JOIN people p USING (institution_id, person_id)
        WHERE d.duty_id = ANY($1) ORDER BY p.person_id FOR UPDATE OF p SKIP LOCKED
    """


async def assign_duty(
    tx: Transaction, institution_id: UUID, person_id: UUID, *, programme: str, duty: Duty, ends_at: datetime | None
) -> HeldDuty:
    """Give somebody a duty, or another end of it; what is so already is not said again.

    Raises ProgrammeNotFound, PersonNotFound, PersonAlreadyErased, OwnProgramme, DutyEndMissing, DutyEndOutOfRange.
    """
    if not await institutions.has_programme(tx, institution_id, programme):
        raise ProgrammeNotFound
    person = await _lock_person(tx, institution_id, person_id)
    held = await store.find_duty(tx, institution_id, person_id, programme, duty)
    if held is not None and held.ends_at == ends_at:
        return held
    wanted = replace(held or HeldDuty(uuid4(), institution_id, person_id, programme, duty, ends_at), ends_at=ends_at)
    said = wanted.assign(person, tx.now)
    people.save_person(tx, person)
    await (store.add_duty if held is None else store.save_duty_end)(tx, wanted)
    if ends_at is None:
        await timers.cancel(tx, DutyOver, wanted.duty_id)
    else:
        await timers.schedule(tx, DutyOver(subject_id=wanted.duty_id), ends_at)
    await outbox.publish(tx, said)
    return wanted


async def remove_duty(tx: Transaction, institution_id: UUID, duty_id: UUID) -> HeldDuty:
    """Take a duty back. Raises DutyNotFound."""
    held = await store.get_duty(tx, duty_id)
    person = await _lock_person(tx, institution_id, held.person_id)
    held = await store.get_duty(tx, duty_id)  # somebody may have taken it back while this waited for the person
    await timers.cancel(tx, DutyOver, duty_id)
    await _remove(tx, held, person)
    return held


async def end_duty_in_time(tx: Transaction, duty_id: UUID) -> None:
    """The end of a duty has come; the timer pass holds the person's lock."""
    held = await store.get_duty(tx, duty_id)
    await _remove(tx, held, await people.get_person(tx, held.institution_id, held.person_id))


async def _remove(tx: Transaction, held: HeldDuty, person: Person) -> None:
    said = held.remove(person, tx.now)
    people.save_person(tx, person)
    await store.delete_duty(tx, held.duty_id)
    await outbox.publish(tx, said)


async def forget_duties(tx: Transaction, person: Person) -> None:
    """Somebody is erased: what they did for programmes goes with them, and their erasure says so."""
    for held in await store.list_duties_of(tx, person.institution_id, person.person_id):
        await timers.cancel(tx, DutyOver, held.duty_id)
        await store.delete_duty(tx, held.duty_id)


async def attach_duties(tx: Transaction, institution_id: UUID, known: Sequence[Person]) -> dict[UUID, frozenset[str]]:
    """Read until when people evaluate; gives the programmes in which each of them has a duty of any kind."""
    by_id = {person.person_id: person for person in known}
    judged: dict[UUID, frozenset[str]] = {}
    for held in await store.list_duties_of_people(tx, institution_id, list(by_id)):
        judged[held.person_id] = judged.get(held.person_id, frozenset()) | {held.programme}
        if held.duty == "evaluator" and held.ends_at is not None:
            by_id[held.person_id].evaluates[held.programme] = held.ends_at
    return judged


async def save_evaluations(tx: Transaction, person: Person, before: Mapping[str, datetime]) -> None:
    """Keep what a roster, or its revert, changed of the programmes that somebody evaluates; it was said already."""
    for programme in sorted(before.keys() | person.evaluates.keys()):
        ends_at = person.evaluates.get(programme)
        if ends_at == before.get(programme):
            continue
        if ends_at is not None:
            held = HeldDuty(uuid4(), person.institution_id, person.person_id, programme, "evaluator", ends_at)
            await timers.schedule(tx, DutyOver(subject_id=await store.save_evaluator(tx, held)), ends_at)
            continue
        gone = await store.find_duty(tx, person.institution_id, person.person_id, programme, "evaluator")
        if gone is not None:
            await timers.cancel(tx, DutyOver, gone.duty_id)
            await store.delete_duty(tx, gone.duty_id)


async def get_duty(tx: Transaction, duty_id: UUID) -> HeldDuty:
    """One duty; raises DutyNotFound."""
    return await store.get_duty(tx, duty_id)


async def list_duties_of(tx: Transaction, institution_id: UUID, person_id: UUID) -> list[HeldDuty]:
    """Every duty of a person."""
    return await store.list_duties_of(tx, institution_id, person_id)


async def list_duties(
    tx: Transaction, institution_id: UUID, programme: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[HeldDuty]:
    """The duties of an institution by programme."""
    return await store.list_duties(tx, institution_id, programme, after, limit)


async def _lock_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> Person:
    person = await people.get_person_for_update(tx, institution_id, person_id)
    person.roles = {role: held for _, role, held in await people.list_roles(tx, institution_id, [person_id])}
    return person
