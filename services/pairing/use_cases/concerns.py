"""Concerns of one of a pair about the other: they reach the contact of one's own institution, and nobody else."""

from datetime import datetime
from uuid import UUID, uuid4

from services.pairing.domain import NotPossibleNow, PairNotFound
from services.pairing.domain.concern import Concern, ConcernContact, ContactConcerned, ContactNotFound, NoConcernContact
from services.pairing.domain.terms import words_end
from services.pairing.store import concerns
from services.pairing.use_cases.asides import tell_contact
from services.pairing.use_cases.holding import hold_unless_erased, homes_of
from services.pairing.use_cases.pairs import show_pair
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


async def name_contact(tx: Transaction, me: Member, person_id: UUID, now: datetime) -> ConcernContact:
    """An administrator names whom concerns reach from now on; earlier ones stay with whom they reached.

    Raises ContactNotFound.
    """
    contact = await concerns.save_contact(tx, me.institution_id, person_id, me.person_id, now)
    if contact is None:
        raise ContactNotFound
    return contact


async def show_contact(tx: Transaction, me: Member) -> ConcernContact:
    """Whom one's own concerns would reach. Raises NoConcernContact."""
    contact = await concerns.find_contact(tx, me.institution_id)
    if contact is None:
        raise NoConcernContact
    return contact


async def raise_concern(tx: Transaction, me: Member, pair_id: UUID, words: str, now: datetime) -> Concern:
    """One of the two tells the contact of their own institution; the other is never shown it, nor that it was.

    Raises PairNotFound, NotPossibleNow before a pair is accepted, when its words are over and of who was erased,
    NoConcernContact, ContactConcerned.
    """
    pair = await show_pair(tx, me, pair_id)
    both = {pair.mentor_id, pair.mentee_id}
    if me.person_id not in both:
        raise PairNotFound
    if pair.accepted_at is None or (pair.closed_at is not None and now >= words_end(pair.closed_at)):
        raise NotPossibleNow
    contact = await show_contact(tx, me)
    if contact.person_id in both:
        raise ContactConcerned
    if not await hold_unless_erased(tx, homes_of(pair) | {contact.person_id: me.institution_id}):
        raise NotPossibleNow
    [about_id] = both - {me.person_id}
    concern = Concern(uuid4(), me.institution_id, pair_id, me.person_id, about_id, contact.person_id, words, now)
    await concerns.add_concern(tx, concern)
    await tell_contact(tx, concern)
    return concern


async def list_concerns(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int | None
) -> list[Concern]:
    """What one raised, and what reached one as the contact, newest first."""
    return await concerns.list_concerns(tx, me.person_id, after, limit)


async def forget_concerns_of(tx: Transaction, person_id: UUID) -> None:
    """A person was erased: concerns by them, about them and for them alone go."""
    await concerns.delete_concerns_of(tx, person_id)
    await concerns.delete_contact(tx, person_id)
