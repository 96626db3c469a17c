"""Pairs, mentors and the ledger over HTTP; each operation parses, calls one use case and shows the outcome."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.pairing import use_cases
from services.pairing.domain import (
    NO_PAIR,
    NO_PLACE,
    ConflictOfInterest,
    LedgerLine,
    ListedMentor,
    MenteeAway,
    MenteeNotFound,
    NotPossibleNow,
    NotYourStep,
    Pair,
    PairNotFound,
    ProposalLapsed,
    ReasonMissing,
    ReviewOutOfRange,
    SamePerson,
    SomeoneIsAway,
    State,
)
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Instant, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("pairing")

Reason = Literal["asked", "workload", "rotation", "conflict_of_interest", "mistake", "administrative"]
"""Why a pair pauses, ends or is recalled, as a code that both people and analysts may read; nothing private."""


class ProposeForm(Form):
    """Whom to propose to whom; the mentee is of the administrator's own institution."""

    mentor_id: UUID
    mentee_id: UUID


class PauseForm(Form):
    """The day to look again, at most 90 days off, and for administrators why."""

    review_at: Instant
    reason: Reason | None = None


class ReasonForm(Form):
    """Why; administrators must say, the two need not."""

    reason: Reason | None = None


class PairView(BaseModel):
    """A pair: who, how it stands and by when who is expected to act; `reason` is why it is paused, or how it ended.

    `coi_review_by` is set while a conflict of interest waits to be resolved, and says when the pair pauses for it.
    """

    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    state: State
    proposed_at: AwareDatetime
    answer_by: AwareDatetime
    accepted_at: AwareDatetime | None
    activate_by: AwareDatetime | None
    activated_at: AwareDatetime | None
    review_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    coi_review_by: AwareDatetime | None
    reason: str | None
    revision: int

    @classmethod
    def of(cls, pair: Pair) -> Self:
        """The pair as it is shown to the two and to administrators."""
        return cls.model_validate(pair, from_attributes=True)


class MentorView(BaseModel):
    """A mentor who may be proposed now: how many places are free for you, where they introduce people, what they speak.

    Languages are BCP 47 tags in the mentor's own order.
    """

    mentor_id: UUID
    institution_id: UUID
    specialty: str | None
    free_places: int
    introduces_in: Sequence[str]
    languages: Sequence[str]

    @classmethod
    def of(cls, mentor: ListedMentor) -> Self:
        """The mentor as administrators see them."""
        return cls.model_validate(mentor, from_attributes=True)


class LedgerLineView(BaseModel):
    """What is shared with one other institution and received from it, in pairs that hold a place."""

    institution_id: UUID
    lent: int
    borrowed: int
    balance: int


class LedgerView(BaseModel):
    """Your institution's lending: `balance` is lent minus borrowed; over all institutions it sums to zero."""

    institution_id: UUID
    lent: int
    borrowed: int
    balance: int
    institutions: Sequence[LedgerLineView]

    @classmethod
    def of(cls, institution_id: UUID, lines: Sequence[LedgerLine]) -> Self:
        """The sum of the lines, and the lines."""
        lent, borrowed = sum(line.lent for line in lines), sum(line.borrowed for line in lines)
        return cls(
            institution_id=institution_id,
            lent=lent,
            borrowed=borrowed,
            balance=lent - borrowed,
            institutions=[
                LedgerLineView(
                    institution_id=line.institution_id,
                    lent=line.lent,
                    borrowed=line.borrowed,
                    balance=line.lent - line.borrowed,
                )
                for line in lines
            ],
        )


@routes.post(
    "/pairs",
    status_code=201,
    responses=problems(
        SamePerson,
        MenteeNotFound,
        MenteeAway,
        *NO_PAIR,
    ),
)
async def propose_pair(form: ProposeForm, me: Me, tx: Tx, now: Now) -> PairView:
    """Propose a mentor, your own or a lent one, to a mentee of yours; the mentor has seven days to answer."""
    return PairView.of(await use_cases.propose_pair(tx, me, form.mentor_id, form.mentee_id, now))


@routes.get("/pairs")
async def list_pairs(page: Page, me: Me, tx: Tx, state: State | None = None) -> Listing[PairView]:
    """Your pairs, or for an administrator the institution's, the latest proposed first."""
    before = page.position(datetime, UUID)
    pairs = await use_cases.list_pairs(tx, me, state, before, page.limit + 1)
    listing = page.listing(pairs, lambda pair: (pair.proposed_at, pair.pair_id))
    return Listing(items=[PairView.of(pair) for pair in listing.items], next=listing.next)


@routes.get("/pairs/{pair_id}", responses=problems(PairNotFound))
async def show_pair(pair_id: UUID, me: Me, tx: Tx) -> PairView:
    """One pair, for the two and for administrators of their institutions."""
    return PairView.of(await use_cases.show_pair(tx, me, pair_id))


@routes.post(
    "/pairs/{pair_id}/accept",
    responses=problems(
        PairNotFound,
        NotYourStep,
        StaleRevision,
        NotPossibleNow,
        ProposalLapsed,
        *NO_PLACE,
    ),
)
async def accept_pair(pair_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> PairView:
    """Say yes as the mentor; one of your places is taken, and you two have twenty-one days to sign a compact."""
    return PairView.of(await use_cases.accept_pair(tx, me, pair_id, if_match, now))


@routes.post(
    "/pairs/{pair_id}/decline",
    responses=problems(PairNotFound, NotYourStep, StaleRevision, NotPossibleNow, ProposalLapsed),
)
async def decline_pair(pair_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> PairView:
    """Say no to a proposal, as either of the two; nobody asks why."""
    return PairView.of(await use_cases.decline_pair(tx, me, pair_id, if_match, now))


@routes.post(
    "/pairs/{pair_id}/recall",
    responses=problems(PairNotFound, NotYourStep, StaleRevision, NotPossibleNow, ReasonMissing),
)
async def recall_pair(
    pair_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now, form: ReasonForm | None = None
) -> PairView:
    """Take a proposal back before it is answered."""
    reason = form.reason if form else None
    return PairView.of(await use_cases.recall_pair(tx, me, pair_id, if_match, reason=reason, now=now))


@routes.post(
    "/pairs/{pair_id}/pause",
    responses=problems(PairNotFound, NotYourStep, StaleRevision, NotPossibleNow, ReasonMissing, ReviewOutOfRange),
)
async def pause_pair(pair_id: UUID, form: PauseForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> PairView:
    """Let the pair rest until someone resumes it; its place stays taken, and coming meetings are cancelled."""
    paused = await use_cases.pause_pair(
        tx, me, pair_id, if_match, reason=form.reason, review_at=form.review_at, now=now
    )
    return PairView.of(paused)


@routes.post(
    "/pairs/{pair_id}/resume",
    responses=problems(PairNotFound, NotYourStep, StaleRevision, NotPossibleNow, ConflictOfInterest, SomeoneIsAway),
)
async def resume_pair(pair_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> PairView:
    """Let a paused pair go on."""
    return PairView.of(await use_cases.resume_pair(tx, me, pair_id, if_match, now))


@routes.post(
    "/pairs/{pair_id}/end",
    responses=problems(PairNotFound, NotYourStep, StaleRevision, NotPossibleNow, ReasonMissing),
)
async def end_pair(
    pair_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now, form: ReasonForm | None = None
) -> PairView:
    """End a pair: either of the two without a reason, an administrator with one; the mentor's place is free again."""
    reason = form.reason if form else None
    return PairView.of(await use_cases.end_pair(tx, me, pair_id, if_match, reason=reason, now=now))


@routes.get("/mentors")
async def list_mentors(page: Page, me: Me, tx: Tx, now: Now, mentee_id: UUID | None = None) -> Listing[MentorView]:
    """Mentors whom your institution may propose now: its own and lent ones, who are here and have a place free.

    With `mentee_id`, without those whom a conflict of interest makes impossible for that mentee. A mentee
    sees whom they may ask themselves.
    """
    after = page.position(UUID)
    mentors = await use_cases.list_mentors(tx, me, mentee_id, after[0] if after else None, page.limit + 1, now)
    listing = page.listing(mentors, lambda mentor: (mentor.mentor_id,))
    return Listing(items=[MentorView.of(mentor) for mentor in listing.items], next=listing.next)


@routes.get("/ledger")
async def show_ledger(me: Me, tx: Tx) -> LedgerView:
    """What your institution lends and borrows, in pairs that hold a place, by institution and in all."""
    return LedgerView.of(me.institution_id, await use_cases.list_ledger(tx, me))
