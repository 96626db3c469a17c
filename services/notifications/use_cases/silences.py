"""From a silence of the two of a pair to one mail for each; refuses to tell anybody else of it."""

from dataclasses import replace
from uuid import uuid5

from services.notifications import store
from services.notifications.domain import LIFE, Cause
from services.notifications.use_cases.causes import of_two, write
from shared.contracts.pairing import DriftCleared, DriftRaised, PairEnded, PairPaused
from shared.platform.database import Transaction


async def raise_drift(tx: Transaction, event: DriftRaised) -> None:
    """Both are asked for ten minutes, once per silence."""
    cause = replace(_of(event), followed_at=event.occurred_at, since=event.silent_since)
    await store.turn_cause(tx, cause)
    for person_id in (event.mentor_id, event.mentee_id):
        await write(tx, cause, person_id, "drift_raised", event, ends_at=event.occurred_at + LIFE)


async def clear_drift(tx: Transaction, event: DriftCleared | PairPaused | PairEnded) -> None:
    """They were in contact again, or their pair rests or is over, of which pairs tell and compacts do not."""
    await store.turn_cause(tx, replace(_of(event), state="over", closed_at=event.occurred_at))


def _of(event: DriftRaised | DriftCleared | PairPaused | PairEnded) -> Cause:
    return of_two(event, uuid5(event.pair_id, "drift"), "drift", "open")
