"""From what concerns one person alone to a mail for them: the offer to a second year, and an erasure that waits."""

from uuid import uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Cause
from services.notifications.use_cases.administrators import list_administrators_then
from services.notifications.use_cases.causes import close_cause, write
from shared.contracts.directory import ErasureDelayed
from shared.contracts.pairing import FirstYearAccepted, FirstYearDeclined, FirstYearOffered
from shared.platform.database import Transaction


async def offer_first_year(tx: Transaction, event: FirstYearOffered) -> None:
    """Somebody who entered PGY-2 is asked whether they take one new PGY-1."""
    cause = Cause.of_one(event.offer_id, "first_year", event.person_id, event.institution_id)
    await store.add_cause(tx, cause)
    await write(tx, cause, event.person_id, "first_year_offered", event, ends_at=event.occurred_at + LIFE)


async def close_first_year(tx: Transaction, event: FirstYearAccepted | FirstYearDeclined) -> None:
    """They answered; of a yes the administrators are told, whose turn it is."""
    await close_cause(tx, event.offer_id)
    if isinstance(event, FirstYearDeclined):
        return
    for person_id, institution_id in await list_administrators_then(
        tx, "first_year_accepted", event, {event.institution_id}
    ):
        cause = Cause.of_one(uuid5(event.offer_id, str(person_id)), "first_year", person_id, institution_id)
        await store.add_cause(tx, cause)
        await write(tx, cause, person_id, "first_year_accepted", event, ends_at=event.occurred_at + LIFE)


async def tell_of_delay(tx: Transaction, event: ErasureDelayed) -> None:
    """Somebody hears that a legal hold delays their erasure; where law forbids it, nothing of it was said."""
    cause = Cause.of_one(uuid5(event.person_id, "hold"), "hold", event.person_id, event.institution_id)
    await store.follow_cause(tx, cause)
    await write(tx, cause, event.person_id, "erasure_delayed", event, ends_at=event.occurred_at + LIFE)
