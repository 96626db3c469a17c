"""Holds people of whom something is about to be written; refuses to let it be written of who was erased."""

from collections.abc import Mapping
from uuid import UUID

from services.pairing import store
from services.pairing.domain import Pair
from services.pairing.use_cases.cascade import standing_in
from shared.platform.database import Transaction


def homes_of(pair: Pair) -> dict[UUID, UUID]:
    """The two of a pair, each with their institution."""
    return {pair.mentor_id: pair.mentor_institution_id, pair.mentee_id: pair.mentee_institution_id}


async def hold_unless_erased(tx: Transaction, homes: Mapping[UUID, UUID]) -> bool:
    """Keep people as they are until the end of the transaction; False where one of them was erased.

    An erasure deletes what is written before it, and nothing is written after it. People are locked before pairs.
    """
    for person_id in sorted(homes):
        async with standing_in(tx, homes[person_id]):
            people = await store.list_people_for_share(tx, homes[person_id], [person_id])
        if person_id not in people or people[person_id].status == "erased":
            return False
    return True
