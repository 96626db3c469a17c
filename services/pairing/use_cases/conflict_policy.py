"""What an institution has block and what it has only warn: a change looks at all of its pairs, as a roster's would."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import MAY_WARN
from services.pairing.store import conflict_policy as policies
from services.pairing.use_cases.cascade import pass_over_conflicted
from services.pairing.use_cases.circles import part_conflicted
from services.pairing.use_cases.conflicts import review
from shared.platform.database import Transaction
from shared.platform.errors import NotYet


async def set_conflict_policy(tx: Transaction, institution_id: UUID, warns: Collection[str], now: datetime) -> None:
    """Conflicts of these kinds only warn at an institution from now on, where they may. Raises NotYet.

    Whatever goes on there is locked before it is asked what stands between whom: who declares something, or says yes,
    in the same moment is waited for and found, or finds the new policy.
    """
    if not await store.find_institution_for_update(tx, institution_id):
        raise NotYet
    await policies.save_conflict_policy(tx, institution_id, sorted(MAY_WARN.intersection(warns)))
    await policies.lock_open_requests(tx, institution_id)
    await policies.lock_open_pairs(tx, institution_id)
    await policies.lock_open_circles(tx, institution_id)
    kinds = sorted(MAY_WARN)
    requests = [
        await store.get_request(tx, request_id)
        for request_id in await policies.list_requests_in_question(tx, institution_id, kinds)
    ]
    pairs = await store.get_pairs(tx, await policies.list_pairs_in_question(tx, institution_id, kinds))
    circles = await store.get_circles(tx, await policies.list_circles_in_question(tx, institution_id, kinds))
    await pass_over_conflicted(tx, requests, now)
    for pair in pairs.values():
        await review(tx, pair, "policy_set", now)
    await part_conflicted(tx, [*circles.values()], now)
