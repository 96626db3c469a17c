"""What a person takes with them from pairing: one's own, whichever other roles one holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.pairing import store
from services.pairing.domain import Asked, Declaration, Pair, Request
from services.pairing.domain.leaving import Leaving
from services.pairing.store import conflicts
from services.pairing.store import leaving as leavings
from shared.platform.database import Transaction
from shared.platform.members import Person as Member

_ALL: Final = 1_000_000
"""More than a person can have of anything."""


@dataclass(frozen=True)
class Own:
    """Everything of one person."""

    pairs: Sequence[Pair]
    leavings: Sequence[tuple[Leaving, Pair]]
    requests: Sequence[Request]
    asked: Sequence[Asked]
    declarations: Sequence[Declaration]


async def gather_own(tx: Transaction, me: Member) -> Own:
    """Everything of a person, an administrator's institution's left out."""
    pairs = await store.list_pairs(tx, me.person_id, None, None, _ALL)
    by_id = {pair.pair_id: pair for pair in pairs}
    questions = await leavings.list_leavings(tx, me.person_id, None, _ALL)
    return Own(
        pairs=pairs,
        leavings=[(leaving, by_id[leaving.pair_id]) for leaving in questions],
        requests=await store.list_requests(tx, me.person_id, None, None, _ALL),
        asked=await store.list_asked(tx, me.person_id, None, None, _ALL),
        declarations=await conflicts.list_declarations_by(tx, me.person_id),
    )
