"""Pairing's part of what a person takes with them: what is theirs, and of others only what they see anyway."""

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.api.conflicts import ConflictView
from services.pairing.api.leaving import LeavingView
from services.pairing.api.pairs import PairView
from services.pairing.api.requests import AskedView, RequestView
from shared.platform.http import Me, Now, Routes, Tx

routes = Routes("pairing")


class ExportView(BaseModel):
    """Your pairs, your requests, the requests that asked you, and what you declared to stand between you and others."""

    as_of: AwareDatetime
    pairs: Sequence[PairView]
    leavings: Sequence[LeavingView]
    requests: Sequence[RequestView]
    asked: Sequence[AskedView]
    declared_conflicts: Sequence[ConflictView]


@routes.get("/me/export")
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that pairing keeps."""
    own = await use_cases.gather_own(tx, me)
    return ExportView(
        as_of=now,
        pairs=[PairView.of(pair) for pair in own.pairs],
        leavings=[LeavingView.of(leaving, pair, me) for leaving, pair in own.leavings],
        requests=[RequestView.of(request, me) for request in own.requests],
        asked=[AskedView.of(asked) for asked in own.asked],
        declared_conflicts=[ConflictView.model_validate(one, from_attributes=True) for one in own.declarations],
    )
