"""Events that meetings listens to. Each handler calls one use case; the platform has de-duplicated and ordered them."""

from collections.abc import Sequence

from services.meetings import use_cases
from services.meetings.domain import Pair
from shared.contracts.meetings import ErasureDone
from shared.contracts.pairing import PairActivated, PairCutOff, PairEnded, PairPaused, PairResumed
from shared.platform import members, receipts
from shared.platform.consumer import EventConsumer
from shared.platform.database import Transaction

events = EventConsumer("meetings")
events.include(members.listener())
events.include(receipts.listener("meetings", ErasureDone))


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


@events.on_many(PairPaused)
async def on_pair_paused(tx: Transaction, paused: Sequence[PairPaused]) -> None:
    """Resting pairs do not meet: what was to come is cancelled."""
    since = {event.pair_id: event.occurred_at for event in paused}
    await use_cases.stop_pairs(tx, "paused", "pair_paused", since, tx.now)


@events.on(PairResumed)
async def on_pair_resumed(tx: Transaction, event: PairResumed) -> None:
    """The two may propose times again."""
    await use_cases.resume_pair(tx, event.pair_id)


@events.on_many(PairEnded)
async def on_pair_ended(tx: Transaction, ended: Sequence[PairEnded]) -> None:
    """Pairs that are over do not meet: what was to come is cancelled."""
    since = {event.pair_id: event.occurred_at for event in ended}
    await use_cases.stop_pairs(tx, "ended", "pair_ended", since, tx.now)


@events.on(PairCutOff)
async def on_pair_cut_off(tx: Transaction, event: PairCutOff) -> None:
    """Administrators see nothing of the two any more."""
    await use_cases.cut_administrators_off(tx, event)
