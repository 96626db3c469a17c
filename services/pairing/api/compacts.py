"""Compacts over HTTP, for the two of a pair alone; what changes one is answered without a word of it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from services.pairing.domain import (
    ActivationLapsed,
    ConflictOfInterest,
    NotPossibleNow,
    NotYourStep,
    PairNotFound,
    SomeoneIsAway,
)
from services.pairing.domain.compact import Compact, CompactState, Version, VersionState
from services.pairing.domain.compact_refusals import (
    AlreadySigned,
    CompactNotPossibleNow,
    DuplicateGoal,
    GoalNotFound,
    StaleCompactVersion,
    TermsDoNotFit,
)
from services.pairing.domain.terms import MOST_GOALS, Expectation, Goal, Interval, Support, Terms, usual_terms
from services.pairing.use_cases import compacts as use_cases
from services.pairing.use_cases.compacts import Reading, Wish
from services.pairing.use_cases.wording import LATEST_WORDING, Locale, wording_of
from shared.platform.errors import StaleRevision
from shared.platform.http import Day, Form, IfMatch, Line, Listing, Me, Now, Page, Routes, Text, Tx, problems

routes = Routes("pairing")

WordingNumber = Annotated[int | None, Query(ge=1, le=LATEST_WORDING)]


class TermsForm(Form):
    """From when to when, both days included, how often and how long the two meet, and how often they touch base."""

    starts_on: Day
    ends_on: Day
    meeting_interval: Interval
    meeting_minutes: Annotated[int, Field(ge=10, le=240)]
    touchpoint_interval: Interval

    def terms(self) -> Terms:
        """The terms that were sent."""
        return Terms(
            self.starts_on, self.ends_on, self.meeting_interval, self.meeting_minutes, self.touchpoint_interval
        )


class ExpectationForm(Form):
    """What you expect, for yourself alone until the other has said theirs; nothing about patients."""

    terms: TermsForm
    goals: Annotated[tuple[Line, ...], Field(max_length=MOST_GOALS)] = ()
    words: Text | None = None


class WishForm(Form):
    """A goal: new, or by its id one that the compact has had; `support` is the mentee's to say."""

    text: Line
    goal_id: UUID | None = None
    support: Support | None = None


class OfferForm(Form):
    """A version for both to sign, whole: what is left out is not in it."""

    terms: TermsForm
    goals: Annotated[tuple[WishForm, ...], Field(max_length=MOST_GOALS)] = ()


class SignForm(Form):
    """The number of the version that you have read."""

    number: Annotated[int, Field(ge=1)]


class SupportForm(Form):
    """How the mentor supports a goal: by saying what they would do, by asking, or only when asked."""

    goal_id: UUID
    support: Support


class TermsView(BaseModel):
    """What of a compact can be counted; `mid_term_on` is the middle day."""

    starts_on: date
    mid_term_on: date
    ends_on: date
    meeting_interval: Interval
    meeting_minutes: int
    touchpoint_interval: Interval

    @classmethod
    def of(cls, terms: Terms) -> Self:
        """The terms, with the middle day."""
        return cls.model_validate(terms, from_attributes=True)


class ExpectationView(BaseModel):
    """What one of the two expects."""

    terms: TermsView
    goals: Sequence[str]
    words: str | None

    @classmethod
    def of(cls, expected: Expectation | None) -> Self | None:
        """The expectation, where it may be read."""
        if expected is None:
            return None
        return cls(terms=TermsView.of(expected.terms), goals=expected.goals, words=expected.words)


class GoalView(BaseModel):
    """A goal, and how the mentor supports it."""

    goal_id: UUID
    text: str
    support: Support

    @classmethod
    def of(cls, goal: Goal) -> Self:
        """The goal as both see it."""
        return cls.model_validate(goal, from_attributes=True)


class VersionView(BaseModel):
    """One version, who has signed it and how it stands; `wording` is the version of the promise that it carries."""

    number: int
    state: VersionState
    terms: TermsView
    goals: Sequence[GoalView]
    wording: int
    offered_by: UUID
    offered_at: AwareDatetime
    mentor_signed_at: AwareDatetime | None
    mentee_signed_at: AwareDatetime | None
    in_force_at: AwareDatetime | None
    closed_at: AwareDatetime | None

    @classmethod
    def of(cls, version: Version, goals: Sequence[Goal]) -> Self:
        """The version as both see it."""
        return cls(
            number=version.number,
            state=version.state,
            terms=TermsView.of(version.terms),
            goals=[GoalView.of(goal) for goal in goals],
            wording=version.wording,
            offered_by=version.offered_by,
            offered_at=version.offered_at,
            mentor_signed_at=version.mentor_signed_at,
            mentee_signed_at=version.mentee_signed_at,
            in_force_at=version.in_force_at,
            closed_at=version.closed_at,
        )


class StandView(BaseModel):
    """Where a compact stands, without a word of it; `silent_since` is set while the two drift."""

    pair_id: UUID
    state: CompactState
    mentor_answered_at: AwareDatetime | None
    mentee_answered_at: AwareDatetime | None
    waiting_number: int | None
    in_force_number: int | None
    silent_since: AwareDatetime | None
    revision: int

    @classmethod
    def of(cls, compact: Compact) -> Self:
        """What may be kept as the answer to a change."""
        return cls(
            pair_id=compact.pair_id,
            state=compact.state,
            mentor_answered_at=compact.mentor_answered_at,
            mentee_answered_at=compact.mentee_answered_at,
            waiting_number=compact.waiting.number if compact.waiting else None,
            in_force_number=compact.standing.number if compact.standing else None,
            silent_since=compact.silent_since if compact.drift_raised_at else None,
            revision=compact.revision,
        )


class CompactView(StandView):
    """The compact as one of the two reads it; `theirs` and `differing` only after both have said what they expect.

    `usual` is what to start from. Old versions are a list of their own.
    """

    mine: ExpectationView | None
    theirs: ExpectationView | None
    differing: Sequence[str]
    usual: TermsView
    waiting: VersionView | None
    in_force: VersionView | None

    @classmethod
    def read(cls, reading: Reading, usual: Terms) -> Self:
        """The compact with its words."""
        compact, goals = reading.compact, reading.goals
        return cls(
            **StandView.of(compact).model_dump(),
            mine=ExpectationView.of(reading.mine),
            theirs=ExpectationView.of(reading.theirs),
            differing=reading.differing,
            usual=TermsView.of(usual),
            waiting=VersionView.of(compact.waiting, goals[compact.waiting.number]) if compact.waiting else None,
            in_force=VersionView.of(compact.standing, goals[compact.standing.number]) if compact.standing else None,
        )


class WordingView(BaseModel):
    """What both promise each other with any compact, in one language: confidentiality, its limits, and duties."""

    version: int
    locale: Literal["en", "de", "fr", "es"]
    title: str
    confidentiality: Sequence[str]
    exceptions_lead: str
    exceptions: Sequence[str]
    exceptions_limit: str
    duties_lead: str
    duties: Sequence[str]
    concern: str
    patients: str


@routes.get("/pairs/{pair_id}/compact", responses=problems(PairNotFound))
async def show_compact(pair_id: UUID, me: Me, tx: Tx, now: Now) -> CompactView:
    """The compact of your pair, as far as it has come."""
    return CompactView.read(await use_cases.show_compact(tx, me, pair_id), usual_terms(now))


@routes.get("/pairs/{pair_id}/compact/wording", responses=problems(PairNotFound))
async def show_compact_wording(
    pair_id: UUID, me: Me, tx: Tx, locale: Locale = "en", wording: WordingNumber = None
) -> WordingView:
    """What a compact of your pair promises: the words of the version that waits or is in force, else today's.

    `wording` names others, such as those that an older version of the compact carries.
    """
    compact = (await use_cases.show_compact(tx, me, pair_id)).compact
    version = compact.waiting or compact.standing
    number = wording or (version.wording if version else LATEST_WORDING)
    return WordingView(version=number, locale=locale, **vars(wording_of(number, locale)))


@routes.get("/pairs/{pair_id}/compact/versions", responses=problems(PairNotFound))
async def list_compact_versions(pair_id: UUID, page: Page, me: Me, tx: Tx) -> Listing[VersionView]:
    """Every version that was offered, the latest first, also those that hold no longer."""
    before = page.position(int)
    versions = await use_cases.list_versions(tx, me, pair_id, before[0] if before else None, page.limit + 1)
    listing = page.listing(versions, lambda one: (one[0].number,))
    return Listing(items=[VersionView.of(*one) for one in listing.items], next=listing.next)


@routes.post(
    "/pairs/{pair_id}/compact/expectations",
    responses=problems(PairNotFound, NotPossibleNow, CompactNotPossibleNow, TermsDoNotFit),
)
async def state_expectation(pair_id: UUID, form: ExpectationForm, me: Me, tx: Tx, now: Now) -> StandView:
    """Say what you expect; the other sees it when both have said theirs, and until then you may say it anew."""
    expected = Expectation(form.terms.terms(), form.goals, form.words)
    return StandView.of(await use_cases.state_expectation(tx, me, pair_id, expected, now))


@routes.post(
    "/pairs/{pair_id}/compact/offer",
    responses=problems(
        PairNotFound,
        StaleRevision,
        NotPossibleNow,
        NotYourStep,
        CompactNotPossibleNow,
        TermsDoNotFit,
        GoalNotFound,
        DuplicateGoal,
    ),
)
async def offer_compact(pair_id: UUID, form: OfferForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> StandView:
    """Offer a version to be signed by both; it takes the place of one that waits, and signatures on that are void."""
    wishes = [Wish(wish.text, wish.goal_id, wish.support) for wish in form.goals]
    offered = await use_cases.offer_version(tx, me, pair_id, if_match, form.terms.terms(), wishes, now=now)
    return StandView.of(offered)


@routes.post(
    "/pairs/{pair_id}/compact/withdraw",
    responses=problems(PairNotFound, StaleRevision, NotPossibleNow, NotYourStep, CompactNotPossibleNow),
)
async def withdraw_compact(pair_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> StandView:
    """Take back the version that you offered; what was in force before is in force still."""
    return StandView.of(await use_cases.withdraw_version(tx, me, pair_id, if_match, now))


@routes.post(
    "/pairs/{pair_id}/compact/sign",
    responses=problems(
        PairNotFound,
        StaleRevision,
        NotPossibleNow,
        CompactNotPossibleNow,
        StaleCompactVersion,
        AlreadySigned,
        TermsDoNotFit,
        ActivationLapsed,
        ConflictOfInterest,
        SomeoneIsAway,
    ),
)
async def sign_compact(pair_id: UUID, form: SignForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> StandView:
    """Sign the version that waits; with both signatures it is in force, and an accepted pair is active."""
    return StandView.of(await use_cases.sign_version(tx, me, pair_id, if_match, form.number, now))


@routes.post(
    "/pairs/{pair_id}/compact/support",
    responses=problems(PairNotFound, StaleRevision, NotPossibleNow, NotYourStep, CompactNotPossibleNow, GoalNotFound),
)
async def set_goal_support(pair_id: UUID, form: SupportForm, if_match: IfMatch, me: Me, tx: Tx) -> StandView:
    """Say as the mentee how a goal is supported; it holds at once, without signatures."""
    return StandView.of(await use_cases.set_support(tx, me, pair_id, if_match, form.goal_id, form.support))
