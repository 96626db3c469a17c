"""How a compact comes to its end by the clock: its term, and a year after the pair every word of it."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.pairing.domain.terms import words_end
from services.pairing.store import compacts, concerns, records
from services.pairing.use_cases.pair_timer import PairTimer
from shared.contracts.pairing import PairEnded, PairEvent
from shared.platform import timers
from shared.platform.database import Transaction


class CompactTermOver(PairTimer):
    """The last day of the compact in force is over; it fires however late, and the pair ends."""

    kind: ClassVar[str] = "compact_term_over"


class CompactWordsOver(PairTimer):
    """Twelve months after the end of a pair; it fires however late, and its words are deleted."""

    kind: ClassVar[str] = "compact_words_over"


async def set_term(tx: Transaction, pair_id: UUID, ends_at: datetime) -> None:
    """The pair ends with this term, unless an amendment sets another."""
    await timers.schedule(tx, CompactTermOver(subject_id=pair_id), ends_at)


async def follow_end(tx: Transaction, said: PairEvent) -> None:
    """A pair that is over has no term any more, and its words have a year."""
    if isinstance(said, PairEnded):
        await timers.cancel(tx, CompactTermOver, said.pair_id)
        await timers.schedule(tx, CompactWordsOver(subject_id=said.pair_id), words_end(said.occurred_at))


async def forget_words_of_pair(tx: Transaction, pair_id: UUID) -> None:
    """Twelve months passed since the pair's end; numbers, days and signatures stay."""
    await compacts.delete_expectations_of_pair(tx, pair_id)
    await compacts.delete_goals_of_pair(tx, pair_id)
    await concerns.delete_concerns_of_pair(tx, pair_id)
    await records.delete_thanks_of_pair(tx, pair_id)
