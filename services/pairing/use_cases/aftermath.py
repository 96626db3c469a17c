"""What follows every step of a pair: it is stored, said and timed; refuses to do one without the others."""

from typing import ClassVar, LiteralString

from services.pairing import store
from services.pairing.domain import Pair
from services.pairing.use_cases.compact_ends import follow_end
from services.pairing.use_cases.drift import follow_pair
from services.pairing.use_cases.pair_timer import PairTimer
from shared.contracts.pairing import (
    ConflictRaised,
    ConflictResolved,
    PairAccepted,
    PairActivated,
    PairDeclined,
    PairEnded,
    PairEvent,
    PairProposed,
    PairRecalled,
)
from shared.platform import outbox, timers
from shared.platform.database import Transaction
from shared.platform.timers import Timer


class ProposalLapses(PairTimer):
    """Seven days after a proposal; it fires however late, since no answer is taken after them."""

    kind: ClassVar[str] = "proposal_lapses"


class ActivationLapses(PairTimer):
    """Twenty-one days after the mentor's yes; it fires however late, since no second signature is taken after them."""

    kind: ClassVar[str] = "activation_lapses"


class ConflictReviewOver(PairTimer):
    """Fourteen days after a conflict of interest came up in a pair; it fires however late, and the pair rests."""

    kind: ClassVar[str] = "conflict_review_over"


class CardsOutdated(Timer):
    """A place of a mentor was taken or given back: the cards at other institutions follow at once, however late.

    A request is walled off from other institutions' cards, so the worker writes them.
    """

    kind: ClassVar[str] = "cards_outdated"
    lock: ClassVar[LiteralString] = (
        "SELECT person_id FROM people WHERE person_id = ANY($1) ORDER BY person_id FOR UPDATE SKIP LOCKED"
    )


async def record(tx: Transaction, pair: Pair, said: PairEvent) -> None:
    """Store a step of a pair that this transaction locked, publish it, and set its timers."""
    await store.save_pair(tx, pair)
    await publish(tx, said)


async def publish(tx: Transaction, said: PairEvent) -> None:
    """Say what happened to a pair that is stored, and set the timers of the state it is in now."""
    await outbox.publish(tx, said)
    await follow_pair(tx, said)
    await follow_end(tx, said)
    match said:
        case PairProposed():
            await timers.schedule(tx, ProposalLapses(subject_id=said.pair_id), said.answer_by)
        case PairDeclined() | PairRecalled():
            await timers.cancel(tx, ProposalLapses, said.pair_id)
        case PairAccepted():
            await timers.cancel(tx, ProposalLapses, said.pair_id)
            await timers.schedule(tx, ActivationLapses(subject_id=said.pair_id), said.activate_by)
            await timers.schedule(tx, CardsOutdated(subject_id=said.mentor_id), tx.now)
        case PairActivated():
            await timers.cancel(tx, ActivationLapses, said.pair_id)
        case PairEnded():
            await timers.cancel(tx, ActivationLapses, said.pair_id)
            await timers.cancel(tx, ConflictReviewOver, said.pair_id)
            await timers.schedule(tx, CardsOutdated(subject_id=said.mentor_id), tx.now)
        case ConflictRaised():
            await timers.schedule(tx, ConflictReviewOver(subject_id=said.pair_id), said.review_by)
        case ConflictResolved():
            await timers.cancel(tx, ConflictReviewOver, said.pair_id)
        case _:
            return
