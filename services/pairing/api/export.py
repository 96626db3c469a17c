"""Pairing's part of what a person takes with them: what is theirs, and of others only what they see anyway."""

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.api.circles import CircleView
from services.pairing.api.compacts import CompactView, VersionView
from services.pairing.api.concerns import ConcernView
from services.pairing.api.conflicts import ConflictView
from services.pairing.api.first_years import FirstYearView
from services.pairing.api.introductions import IntroductionView, WishView
from services.pairing.api.leaving import LeavingView
from services.pairing.api.opportunities import OpportunityView
from services.pairing.api.pairs import PairView
from services.pairing.api.records import AcknowledgementView
from services.pairing.api.requests import AskedView, RequestView
from services.pairing.domain.terms import usual_terms
from shared.platform.http import Me, Now, Routes, Tx

routes = Routes("pairing")


class CompactExport(BaseModel):
    """One compact, and every version of it."""

    compact: CompactView
    versions: Sequence[VersionView]


class ExportView(BaseModel):
    """Your pairs with their compacts, your requests, those that asked you, and what else you said or took part in."""

    as_of: AwareDatetime
    pairs: Sequence[PairView]
    leavings: Sequence[LeavingView]
    requests: Sequence[RequestView]
    asked: Sequence[AskedView]
    declared_conflicts: Sequence[ConflictView]
    compacts: Sequence[CompactExport]
    concerns: Sequence[ConcernView]
    acknowledgements: Sequence[AcknowledgementView]
    introduces_in: Sequence[str]
    introduction_wishes: Sequence[WishView]
    introductions: Sequence[IntroductionView]
    circles: Sequence[CircleView]
    opportunities: Sequence[OpportunityView]
    first_year_offers: Sequence[FirstYearView]


@routes.get("/me/export")
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that pairing keeps."""
    own = await use_cases.gather_own(tx, me, now)
    return ExportView(
        as_of=now,
        pairs=[PairView.of(pair) for pair in own.pairs],
        leavings=[LeavingView.of(leaving, pair, me) for leaving, pair in own.leavings],
        requests=[RequestView.of(request, me) for request in own.requests],
        asked=[AskedView.of(asked) for asked in own.asked],
        declared_conflicts=[ConflictView.model_validate(one, from_attributes=True) for one in own.declarations],
        compacts=[
            CompactExport(
                compact=CompactView.read(reading, usual_terms(now)),
                versions=[VersionView.of(version, goals) for version, goals in versions],
            )
            for reading, versions in own.compacts
        ],
        # Elsewhere one's own words are not shown again, lest somebody looks over the shoulder.
        concerns=[ConcernView.of(one, me).model_copy(update={"words": one.words}) for one in own.concerns],
        acknowledgements=[AcknowledgementView.of(pair_id, said) for pair_id, said in own.acknowledgements.items()],
        introduces_in=own.introduces_in,
        introduction_wishes=[WishView.of(wish) for wish in own.wishes],
        introductions=[IntroductionView.of(one) for one in own.introductions],
        circles=[CircleView.of(circle, me) for circle in own.circles],
        opportunities=[OpportunityView.of(one, me) for one in own.opportunities],
        first_year_offers=[FirstYearView.of(offer) for offer in own.first_year_offers],
    )
