"""Events that meetings listens to. Each handler calls one use case; the platform has de-duplicated and ordered them."""

from services.meetings import use_cases
from services.meetings.domain import Pair
from shared.contracts.pairing import PairActivated, PairEnded, PairPaused, PairResumed
from shared.platform import members
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction

events = EventConsumer("meetings")
events.include(members.listener())


@events.on(PairActivated)
async def on_pair_activated(tx: Transaction, event: PairActivated) -> None:
    """The two may propose times to each other."""
    pair = Pair(
        pair_id=event.pair_id,
        mentor_id=event.mentor_id,
        mentee_id=event.mentee_id,
        mentor_institution_id=event.mentor_institution_id,
        mentee_institution_id=event.mentee_institution_id,
        state="active",
    )
    await use_cases.learn_pair(tx, pair)


@events.on(PairPaused)
async def on_pair_paused(tx: Transaction, event: PairPaused) -> None:
    """A resting pair does not meet: what was to come is cancelled."""
    await use_cases.stop_pair(tx, event.pair_id, "paused", "pair_paused", since=event.occurred_at, now=tx.now)


@events.on(PairResumed)
async def on_pair_resumed(tx: Transaction, event: PairResumed) -> None:
    """The two may propose times again."""
    await use_cases.resume_pair(tx, event.pair_id)


@events.on(PairEnded)
async def on_pair_ended(tx: Transaction, event: PairEnded) -> None:
    """A pair that is over does not meet: what was to come is cancelled."""
    await use_cases.stop_pair(tx, event.pair_id, "ended", "pair_ended", since=event.occurred_at, now=tx.now)
