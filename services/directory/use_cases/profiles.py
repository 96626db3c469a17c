"""What people say of themselves: each sets their own, and administrators read all of it but the text."""

from uuid import UUID

from services.directory.domain.profiles import Facts, Profile
from services.directory.store import people
from services.directory.store import profiles as store
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.http.revisions import Revision
from shared.platform.members import Person as Member


async def get_profile(tx: Transaction, institution_id: UUID, person_id: UUID) -> Profile:
    """A person's profile, empty before they said anything; raises PersonNotFound."""
    await people.get_person(tx, institution_id, person_id)
    return await store.get_profile(tx, institution_id, person_id)


async def set_profile(tx: Transaction, by: Member, facts: Facts, text: str | None, seen: Revision) -> Profile:
    """Say of oneself what is so now; what is so already is not said again.

    Raises PersonNotFound, PersonAlreadyErased, StaleRevision, UnknownGoal, OverlappingAvailability.
    """
    person = await people.get_person_for_update(tx, by.institution_id, by.person_id)
    before = await store.get_profile(tx, by.institution_id, by.person_id)
    seen.check(before.revision)
    profile, said = before.change(person, facts, text, tx.now)
    if profile != before:
        await store.save_profile(tx, profile)
    if said:
        people.save_person(tx, person)
    for event in said:
        await outbox.publish(tx, event)
    return profile
