"""People of an institution: leave that begins later, erasure, and looking up."""

from datetime import datetime
from typing import ClassVar, LiteralString
from uuid import UUID

from services.directory.domain.imports import RosterImport
from services.directory.domain.people import CannotEraseYourself, ErasureReason, Person, refuse_to_lose_the_last
from services.directory.store import accounts, erasures, groups, holds, imports, institutions, profiles, reverts
from services.directory.store import people as store
from services.directory.use_cases.duties import forget_duties
from services.directory.use_cases.keys import Keys
from services.directory.use_cases.receipts import await_receipts
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.errors import Forbidden
from shared.platform.http.revisions import Revision
from shared.platform.members import Person as Member


class PersonStatusDue(timers.Timer):
    """The day has begun on which somebody goes on leave, comes back or leaves."""

    kind: ClassVar[str] = "person_status_due"
    lock: ClassVar[LiteralString] = (
        "SELECT person_id FROM people WHERE person_id = ANY($1) ORDER BY person_id FOR UPDATE SKIP LOCKED"
    )


async def follow_status_plan(tx: Transaction, person_id: UUID) -> None:
    """Let somebody become what a roster said they would; raises LastAdministrator.

    Whoever is expected to leave was not counted among those who stay, so no lock of the institution is needed here.
    """
    person = await store.get_person_of_any_institution(tx, person_id)
    said = person.follow_plan(tx.now)
    if said and person.status == "left":
        refuse_to_lose_the_last(await store.list_administrators(tx, person.institution_id), person_id)
    store.save_person(tx, person)
    for event in said:
        await outbox.publish(tx, event)


async def erase_person(tx: Transaction, person_id: UUID, by: Member, reason: ErasureReason, seen: Revision) -> Person:
    """Forget who somebody is, here and wherever it was said.

    While a legal hold is on them it is noted, and made with the last release. Raises PersonNotFound, StaleRevision,
    PersonAlreadyErased, CannotEraseYourself, LastAdministrator, and Forbidden for whoever is no administrator any more.
    """
    if person_id == by.person_id:
        raise CannotEraseYourself
    # A preview is forgotten below or comes after this, and of two administrators who erase each other one is too late.
    await institutions.get_institution_for_update(tx, by.institution_id)
    waiting = await imports.list_roster_imports_with_rows_for_update(tx, by.institution_id)
    person = await store.get_person_for_update(tx, by.institution_id, person_id)
    seen.check(person.revision)
    refuse_to_lose_the_last(await list_administrators(tx, by), person_id)
    person.known()
    if held := await holds.list_open_holds(tx, by.institution_id, person_id):
        await attach_roles(tx, by.institution_id, [person])
        is_new = await holds.find_delayed_since(tx, by.institution_id, person_id) is None
        if is_new and any(hold.tell_person for hold in held):
            await tell_of_delay(tx, person)
        await holds.add_delayed_erasure(tx, by.institution_id, person_id, reason=reason, asked_by=by.person_id)
        return person
    await erase_now(tx, person, waiting, reason, by.person_id)
    return person


async def tell_of_delay(tx: Transaction, person: Person) -> None:
    """Say that the erasure of somebody, who is locked and may know of what holds them, waits."""
    said = person.delay_erasure(tx.now)
    store.save_person(tx, person)
    await outbox.publish(tx, said)


async def erase_now(
    tx: Transaction, person: Person, waiting: list[RosterImport], reason: ErasureReason, asked_by: UUID
) -> None:
    """Forget a person, who is locked, and what the previews in `waiting` hold; other services are told, and answer."""
    held = await store.list_roles(tx, person.institution_id, [person.person_id])
    said, tombstone = person.erase(reason, tx.now)
    store.save_person(tx, person)
    for _, role, _ in held:
        store.remove_role(tx, person, role)
    for draft in waiting:  # the person may be in any of these files
        draft.forget()
        await imports.save_roster_import(tx, draft)
    await reverts.forget_changes_of_person(tx, person.institution_id, person.person_id)
    await timers.cancel(tx, PersonStatusDue, person.person_id)
    await forget_duties(tx, person)
    await groups.delete_memberships(tx, person.institution_id, person.person_id)
    await accounts.delete_account(tx, person.institution_id, person.person_id)
    await profiles.delete_profile(tx, person.institution_id, person.person_id)
    await outbox.publish(tx, said)
    await outbox.publish_tombstone(tx, tombstone)
    awaits = await await_receipts(tx, person.person_id)
    await erasures.add_erasure(tx, person, reason, asked_by, awaits)
    await erasures.add_check(tx, "erasure")


async def readmit_person(tx: Transaction, external_id: str, by: Member, keys: Keys) -> None:
    """Let rosters bring somebody who was erased and is hired again: as somebody new, whom nothing joins to who was.

    Raises ErasedPersonNotFound.
    """
    institution = await institutions.get_institution(tx, by.institution_id)
    await store.forget_erased_key(tx, by.institution_id, keys.sign_in_key(external_id, institution.mail_domain))


async def list_administrators(tx: Transaction, by: Member) -> list[Person]:
    """Who may administer the institution of `by`; raises Forbidden where `by` may not any more.

    Whoever decides by the answer has locked the institution: what was read on signing in may be past by then.
    """
    found = await store.list_administrators(tx, by.institution_id)
    if by.person_id not in {one.person_id for one in found}:
        raise Forbidden
    return found


async def get_person(tx: Transaction, institution_id: UUID, person_id: UUID) -> tuple[Person, datetime | None]:
    """One person with their roles, and when their erasure was found complete; raises PersonNotFound."""
    person = await store.get_person(tx, institution_id, person_id)
    await attach_roles(tx, institution_id, [person])
    return person, await erasures.find_erasure_completed_at(tx, institution_id, person_id)


async def list_people(
    tx: Transaction, institution_id: UUID, after: tuple[str, UUID] | None, limit: int
) -> list[Person]:
    """The people of an institution by name, with their roles; whoever was erased is not among them."""
    found = await store.list_people(tx, institution_id, after, limit)
    await attach_roles(tx, institution_id, found)
    return found


async def attach_roles(tx: Transaction, institution_id: UUID, people: list[Person]) -> None:
    """Read the roles of people who were read, or locked, before."""
    by_id = {person.person_id: person for person in people}
    for person_id, role, held in await store.list_roles(tx, institution_id, by_id):
        by_id[person_id].roles[role] = held
