"""Legal holds: recorded and released by administrators; an erasure that one delayed is made with the last release."""

from datetime import datetime
from uuid import UUID, uuid4

from services.directory.domain.holds import Ground, Held, Hold
from services.directory.domain.people import CannotEraseYourself, refuse_to_lose_the_last
from services.directory.store import holds as store
from services.directory.store import imports, institutions, people
from services.directory.use_cases.people import erase_now, list_administrators, tell_of_delay
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def record_hold(tx: Transaction, person_id: UUID, by: Member, ground: Ground, *, tell_person: bool) -> Hold:
    """Delay somebody's erasure from now on; raises PersonNotFound, PersonAlreadyErased."""
    person = await people.get_person_for_update(tx, by.institution_id, person_id)
    person.known()
    before = await store.list_open_holds(tx, by.institution_id, person_id)
    hold = Hold(uuid4(), by.institution_id, person_id, ground, tell_person, by.person_id, tx.now)
    await store.add_hold(tx, hold)
    told = any(each.tell_person for each in before)
    if tell_person and not told and await store.find_delayed_since(tx, by.institution_id, person_id) is not None:
        await tell_of_delay(tx, person)
    return hold


async def release_hold(tx: Transaction, hold_id: UUID, by: Member) -> Hold:
    """Delay nothing any more; whoever was to be erased meanwhile is erased now, if nothing else holds them.

    Raises HoldNotFound, HoldReleased, and where somebody is erased CannotEraseYourself, LastAdministrator, and
    Forbidden for whoever is no administrator any more.
    """
    hold = await store.get_hold(tx, by.institution_id, hold_id)
    # The order of an erasure, which this may become.
    await institutions.get_institution_for_update(tx, by.institution_id)
    waiting = await imports.list_roster_imports_with_rows_for_update(tx, by.institution_id)
    person = await people.get_person_for_update(tx, by.institution_id, hold.person_id)
    hold = await store.get_hold(tx, by.institution_id, hold_id)  # somebody may have released it before the lock
    hold.release(by.person_id, tx.now)
    await store.save_release(tx, hold)
    if await store.list_open_holds(tx, by.institution_id, hold.person_id):
        return hold
    delayed = await store.take_delayed_erasure(tx, by.institution_id, hold.person_id)
    if delayed is not None:
        if hold.person_id == by.person_id:
            raise CannotEraseYourself
        refuse_to_lose_the_last(await list_administrators(tx, by), hold.person_id)
        reason, asked_by = delayed
        await erase_now(tx, person, waiting, reason, asked_by)
    return hold


async def get_held(tx: Transaction, institution_id: UUID, person_id: UUID, *, to_the_person: bool) -> Held:
    """What delays somebody's erasure, as they or their administrators may hear of it."""
    holds = await store.list_open_holds(tx, institution_id, person_id)
    delayed_since = await store.find_delayed_since(tx, institution_id, person_id) if holds else None
    return Held.of(holds, delayed_since, to_the_person=to_the_person)


async def get_hold(tx: Transaction, institution_id: UUID, hold_id: UUID) -> Hold:
    """One hold; raises HoldNotFound."""
    return await store.get_hold(tx, institution_id, hold_id)


async def list_holds(
    tx: Transaction, institution_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Hold]:
    """An institution's holds, the latest first."""
    return await store.list_holds(tx, institution_id, after, limit)
