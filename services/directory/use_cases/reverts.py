"""Taking a roster import back for 7 days: a list that changes nobody, and doing it in one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, LiteralString
from uuid import UUID

from services.directory.domain.imports import RosterImport
from services.directory.domain.people import Person
from services.directory.domain.reverts import Change, Finding, Snapshot, find, take_back
from services.directory.store import imports, institutions
from services.directory.store import people as store
from services.directory.store import reverts as changes_store
from services.directory.use_cases.duties import attach_duties
from services.directory.use_cases.keys import Keys
from services.directory.use_cases.people import attach_roles, list_administrators
from services.directory.use_cases.saving import Saved, save_people
from shared.platform import timers
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


class RosterRevertOver(timers.Timer):
    """Seven days have passed since a roster was imported: what was before it is deleted."""

    kind: ClassVar[str] = "roster_revert_over"
    lock: ClassVar[LiteralString] = (
        "SELECT import_id FROM roster_imports WHERE import_id = ANY($1) ORDER BY import_id FOR UPDATE SKIP LOCKED"
    )


async def keep_changes(tx: Transaction, draft: RosterImport, saved: Mapping[int, Saved]) -> None:
    """Keep what an import that has just been applied made of people, by row, until it can be reverted no more."""
    changes = [
        Change(each.person.person_id, row, each.before is None, each.before, Snapshot.of(each.person))
        for row, each in saved.items()
    ]
    await changes_store.add_changes(tx, draft, changes)
    if draft.revert_until is not None:
        await timers.schedule(tx, RosterRevertOver(subject_id=draft.import_id), draft.revert_until)


async def preview_revert(tx: Transaction, import_id: UUID, by: Member) -> tuple[RosterImport, list[Finding]]:
    """Say what reverting an import would take back, and what changed since and would stay; nobody is changed.

    Raises RosterImportNotFound, RosterNotApplied, RosterAlreadyReverted, RevertTooLate, and Forbidden for whoever is
    no administrator any more.
    """
    draft = await imports.get_roster_import(tx, by.institution_id, import_id)
    draft.check_revertible(tx.now)
    changes = await changes_store.list_changes(tx, draft)
    known = await store.list_people_of_ids(tx, by.institution_id, [change.person_id for change in changes])
    judged = await attach_duties(tx, by.institution_id, known)
    return draft, find(changes, await _with_administrators(tx, known, by), by.person_id, tx.now, judged)


async def revert_roster(tx: Transaction, import_id: UUID, by: Member, keys: Keys) -> tuple[RosterImport, list[Finding]]:
    """Take an import back as far as nothing changed since, judged anew by what is known now; it is done once.

    Raises what `preview_revert` raises.
    """
    # Imports, erasures and other reverts wait here.
    await institutions.lock_institutions(tx, [by.institution_id])
    draft = await imports.get_roster_import_for_update(tx, by.institution_id, import_id)
    draft.check_revertible(tx.now)
    changes = await changes_store.list_changes(tx, draft)
    known = await store.lock_people_of_ids(tx, by.institution_id, [change.person_id for change in changes])
    people = await _with_administrators(tx, known, by)
    judged = await attach_duties(tx, by.institution_id, known)
    found = find(changes, people, by.person_id, tx.now, judged)
    saved = [_take_back(tx, people[one.person_id], one.goal, keys) for one in found if one.goal is not None]
    await save_people(tx, saved)
    draft.revert(tx.now, leaves_something=any(one.leaves_something for one in found))
    await imports.save_roster_import(tx, draft)
    await changes_store.forget_changes(tx, draft)
    await timers.cancel(tx, RosterRevertOver, import_id)
    return draft, found


async def forget_roster_changes(tx: Transaction, import_id: UUID) -> None:
    """Delete what was before an import, 7 days after it."""
    await changes_store.forget_changes(tx, await imports.get_roster_import_of_any_institution(tx, import_id))


async def _with_administrators(tx: Transaction, known: list[Person], by: Member) -> dict[UUID, Person]:
    """These people and all administrators, with their roles."""
    people = {one.person_id: one for one in await list_administrators(tx, by)}
    people |= {one.person_id: one for one in known}
    await attach_roles(tx, by.institution_id, list(people.values()))
    return people


def _take_back(tx: Transaction, person: Person, goal: Snapshot, keys: Keys) -> Saved:
    """Make a person what they were, in memory."""
    saved = Saved(person, Snapshot.of(person))
    saved.said += take_back(person, goal, tx.now)
    details = replace(person.known(), name=goal.name, email=goal.email, time_zone=goal.time_zone)
    if details != person.details:
        saved.said.append(person.record_contact(details, keys.contacts, tx.now))
    return saved
