"""From signatures to one mail each: to who has not signed yet, and to who signed first once both did."""

from dataclasses import replace
from uuid import uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Cause
from services.notifications.use_cases.causes import of_two, write
from shared.contracts.pairing import CompactInForce, CompactOffered, CompactSigned, PairEnded
from shared.platform.database import Transaction


async def offer_compact(tx: Transaction, event: CompactOffered) -> None:
    """The other one has a version to look at and to sign."""
    cause = replace(_of(event), asked_by=event.offered_by, followed_at=event.occurred_at)
    await store.turn_cause(tx, cause)
    person_id = cause.other_than(event.offered_by)
    await write(tx, cause, person_id, "compact_offered", event, ends_at=event.occurred_at + LIFE)


async def sign_compact(tx: Transaction, event: CompactSigned) -> None:
    """Whoever signed knows; whoever did not is told of the second signature."""
    await store.turn_cause(tx, replace(_of(event), asked_by=event.signed_by, followed_at=event.occurred_at))


async def put_in_force(tx: Transaction, event: CompactInForce) -> None:
    """Who signed first hears that the other one did too."""
    await store.turn_cause(tx, replace(_of(event), state="accepted", followed_at=event.occurred_at))
    cause = await store.get_cause_for_update(tx, _of(event).cause_id)
    if cause.asked_by is not None:
        person_id = cause.other_than(cause.asked_by)
        await write(tx, cause, person_id, "compact_in_force", event, ends_at=event.occurred_at + LIFE)


async def end_compact(tx: Transaction, event: PairEnded) -> None:
    """Nothing more is signed in a pair that is over."""
    await store.turn_cause(tx, replace(_of(event), state="over", closed_at=event.occurred_at))


def _of(event: CompactOffered | CompactSigned | CompactInForce | PairEnded) -> Cause:
    return of_two(event, uuid5(event.pair_id, "compact"), "compact", "open")
