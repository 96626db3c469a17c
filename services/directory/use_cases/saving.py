"""Many people at once: how each was, how each is now, and what is to be said, written as lists."""

from dataclasses import dataclass, field

from services.directory.domain.people import Person
from services.directory.domain.reverts import Snapshot
from services.directory.store import people as store
from services.directory.use_cases.duties import save_evaluations
from services.directory.use_cases.people import PersonStatusDue
from shared.contracts.event import Event, Role
from shared.platform import outbox, timers
from shared.platform.database import Transaction


@dataclass
class Saved:
    """A person who was changed; `before` is how they were, None for somebody new; `said` is what is to be said."""

    person: Person
    before: Snapshot | None
    said: list[Event] = field(default_factory=list[Event])


async def save_people(tx: Transaction, saved: list[Saved]) -> None:
    """Write people, then what refers to them, then what is to be said; each as one list."""
    for each in saved:
        (store.add_person if each.before is None else store.save_person)(tx, each.person)
    await tx.flush()
    for each in saved:
        _save_roles(tx, each)
    await tx.flush()
    for each in saved:
        for event in each.said:
            await outbox.publish(tx, event)
    for each in saved:
        await _save_plan(tx, each)
        await save_evaluations(tx, each.person, each.before.evaluates if each.before else {})


def _save_roles(tx: Transaction, each: Saved) -> None:
    before = frozenset(each.before.roles) if each.before else frozenset[Role]()
    for role in before - each.person.roles.keys():
        store.remove_role(tx, each.person, role)
    for role in each.person.roles:
        (store.save_role if role in before else store.add_role)(tx, each.person, role)


async def _save_plan(tx: Transaction, each: Saved) -> None:
    person = each.person
    before = (each.before.standing.next_status, each.before.standing.next_at) if each.before else (None, None)
    if (person.next_status, person.next_status_at) == before:
        return
    if person.next_status_at is None:
        await timers.cancel(tx, PersonStatusDue, person.person_id)
    else:
        await timers.schedule(tx, PersonStatusDue(subject_id=person.person_id), person.next_status_at)
