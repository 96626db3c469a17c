"""What a person takes with them from pairing: one's own, whichever other roles one holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.pairing import store
from services.pairing.domain import Asked, Circle, Declaration, Opportunity, Pair, Request, ShownIntroduction
from services.pairing.domain.compact import Version
from services.pairing.domain.concern import Concern
from services.pairing.domain.first_year import FirstYearOffer
from services.pairing.domain.introduction import Wish
from services.pairing.domain.leaving import Leaving
from services.pairing.domain.record import Acknowledgement
from services.pairing.domain.terms import Goal
from services.pairing.store import compacts, conflicts, first_years, records
from services.pairing.store import leaving as leavings
from services.pairing.use_cases.circles import list_circles
from services.pairing.use_cases.compacts import Reading, list_versions, show_compact
from services.pairing.use_cases.concerns import list_concerns
from services.pairing.use_cases.introductions import list_introductions, show_fields
from services.pairing.use_cases.opportunities import list_opportunities
from services.pairing.use_cases.wishes import list_wishes
from shared.platform.database import Transaction
from shared.platform.members import Person as Member


@dataclass(frozen=True)
class Own:
    """Everything of one person."""

    pairs: Sequence[Pair]
    leavings: Sequence[tuple[Leaving, Pair]]
    requests: Sequence[Request]
    asked: Sequence[Asked]
    declarations: Sequence[Declaration]
    compacts: Sequence[tuple[Reading, Sequence[tuple[Version, list[Goal]]]]]
    concerns: Sequence[Concern]
    acknowledgements: Mapping[UUID, Acknowledgement]
    introduces_in: Sequence[str]
    wishes: Sequence[Wish]
    introductions: Sequence[ShownIntroduction]
    circles: Sequence[Circle]
    opportunities: Sequence[Opportunity]
    first_year_offers: Sequence[FirstYearOffer]


async def gather_own(tx: Transaction, me: Member, now: datetime) -> Own:
    """Everything of a person, an administrator's institution's left out."""
    me = replace(me, roles=me.roles - {"administrator"})
    pairs = await store.list_pairs(tx, me.person_id, None, None, limit=None)
    by_id = {pair.pair_id: pair for pair in pairs}
    questions = await leavings.list_leavings(tx, me.person_id, None, limit=None, administers=False)
    return Own(
        pairs=pairs,
        leavings=[(leaving, by_id[leaving.pair_id]) for leaving in questions],
        requests=await store.list_requests(tx, me.person_id, None, None, limit=None),
        asked=await store.list_asked(tx, me.person_id, None, None, limit=None),
        declarations=await conflicts.list_declarations_by(tx, me.person_id),
        compacts=[
            (await show_compact(tx, me, pair.pair_id), await list_versions(tx, me, pair.pair_id, None, limit=None))
            for pair in pairs
            if await compacts.find_compact(tx, pair.pair_id) is not None
        ],
        concerns=[one for one in await list_concerns(tx, me, None, limit=None) if one.person_id == me.person_id],
        acknowledgements=await records.list_acknowledgements(tx, me.person_id),
        introduces_in=await show_fields(tx, me, now) if "mentor" in me.roles else (),
        wishes=await list_wishes(tx, me, None, limit=None),
        introductions=await list_introductions(tx, me, None, limit=None),
        circles=[circle for circle, _ in await list_circles(tx, me, None, limit=None)],
        # Whoever has no role is shown what they offered or follow, and nothing that they might save.
        opportunities=await list_opportunities(tx, replace(me, roles=frozenset()), None, None, now),
        first_year_offers=await first_years.list_first_year_offers(tx, me.person_id, None, limit=None),
    )
