"""The one offer to who enters PGY-2, and their answer; refuses whoever it was not made to."""

from datetime import datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import (
    FirstYearOffer,
    FirstYearOfferNotFound,
    enters_second_year,
    new_first_year_offer,
)
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.http import Revision
from shared.platform.members import Person as Member


async def note_level(tx: Transaction, institution_id: UUID, person_id: UUID, level: str | None, now: datetime) -> None:
    """A mentee, whose row is locked, is in this year; on entering PGY-2 they are asked, once in all their years."""
    before = await store.exchange_level(tx, institution_id, person_id, level)
    if not enters_second_year(before, level):
        return
    offer = new_first_year_offer(person_id, institution_id, now)
    said = offer.offer()
    if await store.add_first_year_offer(tx, offer):
        await outbox.publish(tx, said)


async def answer_first_year_offer(
    tx: Transaction, me: Member, offer_id: UUID, seen: Revision, *, accepts: bool, now: datetime
) -> FirstYearOffer:
    """They take one new PGY-1, or none. Raises FirstYearOfferNotFound, StaleRevision, FirstYearOfferAnswered."""
    offer = await store.get_first_year_offer_for_update(tx, offer_id)
    if offer.person_id != me.person_id:
        raise FirstYearOfferNotFound
    seen.check(offer.revision)
    said = offer.accept(now) if accepts else offer.decline(now)
    await store.save_first_year_offer(tx, offer)
    await outbox.publish(tx, said)
    return offer


async def show_first_year_offer(tx: Transaction, me: Member, offer_id: UUID) -> FirstYearOffer:
    """One offer, for the person or an administrator of their institution. Raises FirstYearOfferNotFound."""
    offer = await store.get_first_year_offer(tx, offer_id)
    offer.refuse_strangers(me.person_id, administers=me.administers)
    return offer


async def list_first_year_offers(
    tx: Transaction, me: Member, after: tuple[datetime, UUID] | None, limit: int
) -> list[FirstYearOffer]:
    """An administrator's institution's offers, of anyone else their own; the latest first."""
    return await store.list_first_year_offers(tx, None if me.administers else me.person_id, after, limit)
