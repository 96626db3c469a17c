"""Meetings over HTTP: each operation parses, calls one use case and shows the outcome; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.meetings import use_cases
from services.meetings.domain import (
    CancelReason,
    Meeting,
    MeetingHasBegun,
    MeetingHasNotBegun,
    MeetingNotFound,
    NoSuchSlot,
    NotFree,
    NotInThisState,
    OwnProposal,
    PairHasEnded,
    PairNotActive,
    PairNotFound,
    SlotHasBegun,
    SlotInThePast,
    SlotLengthRefused,
    SlotsOverlap,
    SlotTooFarAhead,
    State,
    TooLateToSay,
    TooManyProposals,
    Touchpoint,
    TouchpointInTheFuture,
    TouchpointTooOld,
)
from shared.contracts.meetings import Slot
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Instant, Listing, Me, Now, Page, Routes, Tx, problems
from shared.platform.members import Person

routes = Routes("meetings")


class SlotForm(Form):
    """A time that would suit: from `starts_at` until `ends_at`, exclusive; 10 minutes to 4 hours, within 365 days."""

    starts_at: Instant
    ends_at: Instant

    def slot(self) -> Slot:
        """The slot in the words of the domain."""
        return Slot(starts_at=self.starts_at, ends_at=self.ends_at)


class ProposeForm(Form):
    """One to three slots that do not overlap each other."""

    slots: Annotated[tuple[SlotForm, ...], Field(min_length=1, max_length=3)]


class AcceptForm(Form):
    """The number of the chosen slot; the first is 0."""

    slot: Annotated[int, Field(ge=0, le=2)]


class CancelForm(Form):
    """Why, as one of four codes; the other person sees it."""

    reason: CancelReason = "not_stated"


class TouchpointForm(Form):
    """When the contact happened, at most 30 days ago, and how many minutes it took."""

    happened_at: Instant
    minutes: Annotated[int, Field(ge=5, le=20)]


class MeetingDetails(BaseModel):
    """What only the two see of their meeting."""

    slots: tuple[Slot, ...]
    proposed_by: UUID
    missed_said_by: UUID | None
    confirmed: bool | None
    cancelled_by: UUID | None
    cancel_reason: str | None


class MeetingView(BaseModel):
    """A meeting: who, when and its state; `details` is null for everyone but the two."""

    meeting_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    state: State
    proposed_at: AwareDatetime
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    details: MeetingDetails | None
    revision: int

    @classmethod
    def of(cls, meeting: Meeting, me: Person) -> Self:
        """What `me` may see of a meeting."""
        return cls(
            meeting_id=meeting.meeting_id,
            pair_id=meeting.pair_id,
            mentor_id=meeting.mentor_id,
            mentee_id=meeting.mentee_id,
            state=meeting.state,
            proposed_at=meeting.proposed_at,
            starts_at=meeting.booked.starts_at if meeting.booked else None,
            ends_at=meeting.booked.ends_at if meeting.booked else None,
            details=_details(meeting) if meeting.is_of(me.person_id) else None,
            revision=meeting.revision,
        )


class TouchpointView(BaseModel):
    """A short contact: who logged it, when it happened and for how long."""

    touchpoint_id: UUID
    pair_id: UUID
    logged_by: UUID
    happened_at: AwareDatetime
    minutes: int

    @classmethod
    def of(cls, touchpoint: Touchpoint) -> Self:
        """The touchpoint as it is shown to the two and to administrators."""
        return cls(
            touchpoint_id=touchpoint.touchpoint_id,
            pair_id=touchpoint.pair.pair_id,
            logged_by=touchpoint.logged_by,
            happened_at=touchpoint.happened_at,
            minutes=touchpoint.minutes,
        )


class ExportView(BaseModel):
    """Your meetings, and the touchpoints of your pairs."""

    as_of: AwareDatetime
    meetings: Sequence[MeetingView]
    touchpoints: Sequence[TouchpointView]


def _details(meeting: Meeting) -> MeetingDetails:
    return MeetingDetails(
        slots=meeting.slots,
        proposed_by=meeting.proposed_by,
        missed_said_by=meeting.missed_said_by,
        confirmed=meeting.confirmed,
        cancelled_by=meeting.cancelled_by,
        cancel_reason=meeting.cancel_reason,
    )


@routes.post(
    "/pairs/{pair_id}/meetings",
    status_code=201,
    responses=problems(
        PairNotFound, PairNotActive, TooManyProposals, SlotInThePast, SlotTooFarAhead, SlotLengthRefused, SlotsOverlap
    ),
)
async def propose_meeting(pair_id: UUID, form: ProposeForm, me: Me, tx: Tx, now: Now) -> MeetingView:
    """Offer the other person one to three times; nothing is booked before one of them is accepted."""
    slots = [slot.slot() for slot in form.slots]
    return MeetingView.of(await use_cases.propose_meeting(tx, pair_id, me, slots, now), me)


@routes.post(
    "/meetings/{meeting_id}/accept",
    responses=problems(
        MeetingNotFound, StaleRevision, NotInThisState, PairNotActive, OwnProposal, NoSuchSlot, SlotHasBegun, NotFree
    ),
)
async def accept_meeting(
    meeting_id: UUID, form: AcceptForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now
) -> MeetingView:
    """Choose one of the offered times; it is booked for both."""
    return MeetingView.of(
        await use_cases.accept_meeting(tx, meeting_id, me, seen=if_match, slot=form.slot, now=now), me
    )


@routes.post(
    "/meetings/{meeting_id}/move",
    responses=problems(
        MeetingNotFound,
        StaleRevision,
        NotInThisState,
        PairNotActive,
        MeetingHasBegun,
        NotFree,
        SlotInThePast,
        SlotTooFarAhead,
        SlotLengthRefused,
    ),
)
async def move_meeting(meeting_id: UUID, form: SlotForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> MeetingView:
    """Put a booked meeting at another time that is free for both."""
    return MeetingView.of(
        await use_cases.move_meeting(tx, meeting_id, me, seen=if_match, slot=form.slot(), now=now), me
    )


@routes.post(
    "/meetings/{meeting_id}/cancel",
    responses=problems(MeetingNotFound, StaleRevision, NotInThisState, MeetingHasBegun),
)
async def cancel_meeting(
    meeting_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now, form: CancelForm | None = None
) -> MeetingView:
    """Decline or withdraw a proposal, or call a booked meeting off before its start."""
    reason = form.reason if form else "not_stated"
    return MeetingView.of(await use_cases.cancel_meeting(tx, meeting_id, me, seen=if_match, reason=reason, now=now), me)


@routes.post(
    "/meetings/{meeting_id}/held",
    responses=problems(MeetingNotFound, StaleRevision, NotInThisState, MeetingHasNotBegun, TooLateToSay),
)
async def confirm_meeting(meeting_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> MeetingView:
    """Say that it took place, from its start until 72 hours after its end; one person's word is enough."""
    return MeetingView.of(await use_cases.confirm_meeting(tx, meeting_id, me, seen=if_match, now=now), me)


@routes.post(
    "/meetings/{meeting_id}/missed",
    responses=problems(MeetingNotFound, StaleRevision, NotInThisState, MeetingHasNotBegun, TooLateToSay),
)
async def report_meeting_missed(meeting_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now) -> MeetingView:
    """Say that it did not take place; this stands 72 hours after its end unless someone says that it did."""
    return MeetingView.of(await use_cases.report_meeting_missed(tx, meeting_id, me, seen=if_match, now=now), me)


@routes.get("/meetings")
async def list_meetings(
    page: Page, me: Me, tx: Tx, pair_id: UUID | None = None, state: State | None = None
) -> Listing[MeetingView]:
    """Your meetings, or for an administrator the institution's, the latest proposed first."""
    before = page.position(datetime, UUID)
    meetings = await use_cases.list_meetings(tx, me, pair_id=pair_id, state=state, before=before, limit=page.limit + 1)
    listing = page.listing(meetings, lambda meeting: (meeting.proposed_at, meeting.meeting_id))
    return Listing(items=[MeetingView.of(meeting, me) for meeting in listing.items], next=listing.next)


@routes.get("/meetings/{meeting_id}", responses=problems(MeetingNotFound))
async def show_meeting(meeting_id: UUID, me: Me, tx: Tx) -> MeetingView:
    """One meeting, for the two and for administrators of their institutions."""
    return MeetingView.of(await use_cases.find_meeting(tx, meeting_id, me), me)


@routes.post(
    "/pairs/{pair_id}/touchpoints",
    status_code=201,
    responses=problems(PairNotFound, PairHasEnded, TouchpointInTheFuture, TouchpointTooOld),
)
async def log_touchpoint(pair_id: UUID, form: TouchpointForm, me: Me, tx: Tx, now: Now) -> TouchpointView:
    """Record a contact of 5 to 20 minutes with the other person."""
    touchpoint = await use_cases.log_touchpoint(
        tx, pair_id, me, happened_at=form.happened_at, minutes=form.minutes, now=now
    )
    return TouchpointView.of(touchpoint)


@routes.get("/pairs/{pair_id}/touchpoints", responses=problems(PairNotFound))
async def list_touchpoints(pair_id: UUID, page: Page, me: Me, tx: Tx) -> Listing[TouchpointView]:
    """A pair's touchpoints, for the two and for administrators of their institutions, the latest first."""
    before = page.position(datetime, UUID)
    touchpoints = await use_cases.list_touchpoints(tx, pair_id, me, before, page.limit + 1)
    listing = page.listing(touchpoints, lambda touchpoint: (touchpoint.happened_at, touchpoint.touchpoint_id))
    return Listing(items=[TouchpointView.of(touchpoint) for touchpoint in listing.items], next=listing.next)


@routes.get("/me/export")
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that meetings keeps."""
    meetings, touchpoints = await use_cases.gather_own(tx, me)
    return ExportView(
        as_of=now,
        meetings=[MeetingView.of(meeting, me) for meeting in meetings],
        touchpoints=[TouchpointView.of(touchpoint) for touchpoint in touchpoints],
    )
