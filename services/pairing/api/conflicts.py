"""Conflicts of interest over HTTP: what stands between two people, said, withdrawn or stepped back from."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.api.pairs import PairView
from services.pairing.domain import (
    ConflictNotFound,
    DeclaredKind,
    Kind,
    NoConflict,
    NotPossibleNow,
    NotYourStep,
    PairNotFound,
    RecusalReason,
    Source,
)
from services.pairing.use_cases import Finding
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("pairing")


class DeclareForm(Form):
    """What stands between the two, as a code; the particulars are nobody's business here."""

    kind: DeclaredKind


class RecuseForm(Form):
    """Why it is none any more: who would assess does so no longer, others decide, or administrative."""

    reason: RecusalReason


class ConflictView(BaseModel):
    """What somebody declared to stand between two people, whichever of them is the mentor.

    `is_private` is true of what was said before there was a pair: the other one is not shown it.
    """

    conflict_id: UUID
    kind: DeclaredKind
    declared_at: AwareDatetime
    withdrawn_at: AwareDatetime | None
    is_private: bool
    mentor_id: UUID
    mentee_id: UUID


class FindingView(BaseModel):
    """One ground of conflict: of which kind, whether a duty makes it or it was declared, and who stepped back from it.

    `blocks` is false for what only warns; `conflict_id` is null for what a duty makes.
    """

    kind: Kind
    source: Source
    blocks: bool
    conflict_id: UUID | None
    recusal_reason: RecusalReason | None
    recused_at: AwareDatetime | None

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """The ground as the two and their administrators see it."""
        ground, recusal = finding.ground, finding.recusal
        return cls(
            kind=ground.kind,
            source=ground.source,
            blocks=ground.blocks and recusal is None,
            conflict_id=UUID(ground.key) if ground.source == "declared" else None,
            recusal_reason=recusal.reason if recusal else None,
            recused_at=recusal.recused_at if recusal else None,
        )


@routes.get("/pairs/{pair_id}/conflicts", responses=problems(PairNotFound))
async def list_conflicts(pair_id: UUID, page: Page, me: Me, tx: Tx) -> Listing[FindingView]:
    """What stands between the two of a pair, also what only warns and what somebody stepped back from."""
    findings = await use_cases.list_conflicts(tx, me, pair_id)
    return Listing(items=[FindingView.of(finding) for finding in findings[: page.limit]], next=None)


@routes.post("/pairs/{pair_id}/conflicts", status_code=201, responses=problems(PairNotFound, NotPossibleNow))
async def declare_conflict(pair_id: UUID, form: DeclareForm, me: Me, tx: Tx, now: Now) -> ConflictView:
    """Say that something stands between the two; it holds for later pairs of theirs until it is withdrawn."""
    declared = await use_cases.declare_conflict(tx, me, pair_id, form.kind, now)
    return ConflictView.model_validate(declared, from_attributes=True)


@routes.get("/conflicts/{conflict_id}", responses=problems(ConflictNotFound))
async def show_conflict(conflict_id: UUID, me: Me, tx: Tx) -> ConflictView:
    """What was declared and not withdrawn, for the two and their administrators; what is private not for the other."""
    declared = await use_cases.show_conflict(tx, me, conflict_id)
    return ConflictView.model_validate(declared, from_attributes=True)


@routes.post("/conflicts/{conflict_id}/withdraw", responses=problems(ConflictNotFound, NotYourStep))
async def withdraw_conflict(conflict_id: UUID, me: Me, tx: Tx, now: Now) -> ConflictView:
    """Say that what you declared, or as an administrator anybody, holds no longer."""
    withdrawn = await use_cases.withdraw_conflict(tx, me, conflict_id, now)
    return ConflictView.model_validate(withdrawn, from_attributes=True)


@routes.post("/pairs/{pair_id}/recuse", responses=problems(PairNotFound, NotYourStep, StaleRevision, NoConflict))
async def recuse(pair_id: UUID, form: RecuseForm, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> PairView:
    """Record that whoever was in conflict stepped back from what made it; what comes up later is one again."""
    return PairView.of(await use_cases.recuse(tx, me, pair_id, if_match, form.reason, now))
