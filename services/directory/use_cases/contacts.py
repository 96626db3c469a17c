"""Looks at the contacts topic: an erasure is complete when the log's last word on a person is a tombstone."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.directory.domain.erasure import Check, ErasedContact, Heard, judge
from services.directory.store import erasures
from services.directory.store import people as store
from shared.contracts.contacts import contact_id
from shared.platform import outbox
from shared.platform.database import Transaction

_CLAIM_SECONDS: Final = 60
_LOOK_AGAIN_SECONDS: Final = 10


async def order_check(tx: Transaction) -> UUID:
    """Ask for a look at the topic as soon as a worker is free; gives its id."""
    return await erasures.add_check(tx, "asked")


async def get_check(tx: Transaction, check_id: UUID) -> Check:
    """What became of a look that was asked for; raises CheckNotFound."""
    return await erasures.get_check(tx, check_id)


async def begin_check(tx: Transaction) -> tuple[UUID, list[ErasedContact]] | None:
    """Take the next look that is due, a day's own included, and who was erased until now; None where nothing is due.

    It comes before the topic is read: whoever is erased later is the business of the look that their erasure asked for.
    """
    await erasures.add_daily_check(tx)
    check_id = await erasures.claim_check(tx, _CLAIM_SECONDS)
    if check_id is None:
        return None
    people = await erasures.list_erased_contacts(tx)
    waiting = await erasures.list_waiting_in_outbox(tx, [contact_id(person_id) for _, person_id, _ in people])
    erased = [
        ErasedContact(person_id, institution_id, contact_id(person_id) in waiting, completed)
        for institution_id, person_id, completed in people
    ]
    return check_id, erased


async def finish_check(
    tx: Transaction, check_id: UUID, erased: list[ErasedContact], last_words: Mapping[UUID, Heard]
) -> None:
    """Send the tombstone again where it is not the last word, and call the other erasures complete."""
    findings = judge(erased, last_words)
    institution_of = {contact.person_id: contact.institution_id for contact in erased}
    for person_id in sorted(findings.speak_again):
        person = await store.get_person_for_update(tx, institution_of[person_id], person_id)
        tombstone = person.bury_contact(findings.speak_again[person_id], tx.now)
        store.save_person(tx, person)
        erasures.save_erasure_completed_at(tx, person.institution_id, person_id, None)
        await outbox.publish_tombstone(tx, tombstone)
    for person_id in findings.gone:
        erasures.save_erasure_completed_at(tx, institution_of[person_id], person_id, tx.now)
    if findings.look_again:
        await erasures.add_check(tx, "unfinished", _LOOK_AGAIN_SECONDS)
    await erasures.finish_check(tx, check_id, len(findings.speak_again), len(findings.gone))
