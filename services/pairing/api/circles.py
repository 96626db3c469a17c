"""Circles over HTTP: somebody leads, people join by their own yes; refuses to show members to who only is invited."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.pairing import use_cases
from services.pairing.domain import (
    MOST_MEMBERS,
    CannotLead,
    Circle,
    CircleEnded,
    CircleFull,
    CircleKind,
    CircleNotFound,
    CircleStepNotPossible,
    CompanionNotFound,
    ConflictOfInterest,
    Counts,
    MemberState,
    NotYourStep,
    SamePerson,
)
from shared.platform.http import Form, Line, Listing, Me, Now, Page, Routes, Tx, problems
from shared.platform.members import Person as Member

routes = Routes("pairing")

PersonIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_MEMBERS)]


class CircleForm(Form):
    """What the circle is for, no patient information, and whom you invite: mentees of yours to be, or your peers."""

    kind: CircleKind
    topic: Annotated[Line, Field(max_length=120)]
    person_ids: PersonIds


class InviteForm(Form):
    """Whom to invite."""

    person_ids: PersonIds


class MemberView(BaseModel):
    """Somebody of a circle."""

    person_id: UUID
    institution_id: UUID
    state: MemberState
    joined_at: AwareDatetime | None


class CircleView(BaseModel):
    """A circle. Who is invited sees who leads it and what for; who is of it sees who else is; the leader sees all."""

    circle_id: UUID
    kind: CircleKind
    topic: str | None
    led_by: UUID
    leader_institution_id: UUID
    formed_at: AwareDatetime
    ended_at: AwareDatetime | None
    reason: str | None
    state: MemberState | None
    members: Sequence[MemberView]

    @classmethod
    def of(cls, circle: Circle, me: Member) -> Self:
        """The circle as its leader or one of its people sees it; `state` is one's own, and none for the leader."""
        own = None if circle.led_by == me.person_id else circle.member(me.person_id)
        joined = own is not None and own.state == "joined"
        shown = circle.members if own is None else circle.joined if joined else [own]
        return cls(
            circle_id=circle.circle_id,
            kind=circle.kind,
            topic=circle.topic,
            led_by=circle.led_by,
            leader_institution_id=circle.institution_id,
            formed_at=circle.formed_at,
            ended_at=circle.ended_at,
            reason=circle.reason,
            state=None if own is None else own.state,
            members=[MemberView.model_validate(member, from_attributes=True) for member in shown],
        )


class CountsView(BaseModel):
    """How many different people you were ever actively paired with, in either role, or introduced to; and what you led.

    `leadership` is different people mentored plus circles led that somebody joined.
    """

    person_id: UUID
    network: int
    people_mentored: int
    circles_led: int
    leadership: int

    @classmethod
    def of(cls, counts: Counts, person_id: UUID) -> Self:
        """The counts of whoever asks."""
        return cls(
            person_id=person_id,
            network=counts.network,
            people_mentored=counts.people_mentored,
            circles_led=counts.circles_led,
            leadership=counts.leadership,
        )


@routes.post(
    "/circles",
    status_code=201,
    responses=problems(CannotLead, SamePerson, CompanionNotFound, ConflictOfInterest, CircleFull),
)
async def form_circle(form: CircleForm, me: Me, tx: Tx, now: Now) -> CircleView:
    """Lead a circle, of peers or as a mentor of several mentees, and invite people to it."""
    return CircleView.of(await use_cases.form_circle(tx, me, form.kind, form.topic, form.person_ids, now), me)


@routes.get("/circles")
async def list_circles(page: Page, me: Me, tx: Tx) -> Listing[CircleView]:
    """Circles that you lead, are of or are invited to, the latest first."""
    found = await use_cases.list_circles(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(found, lambda each: (each[1], each[0].circle_id))
    return Listing(items=[CircleView.of(circle, me) for circle, _ in listing.items], next=listing.next)


@routes.get("/circles/{circle_id}", responses=problems(CircleNotFound))
async def show_circle(circle_id: UUID, me: Me, tx: Tx) -> CircleView:
    """One circle that you lead, are of or are invited to."""
    return CircleView.of(await use_cases.show_circle(tx, me, circle_id), me)


@routes.post(
    "/circles/{circle_id}/invite",
    responses=problems(
        CircleNotFound,
        CircleEnded,
        CannotLead,
        NotYourStep,
        SamePerson,
        CompanionNotFound,
        ConflictOfInterest,
        CircleFull,
    ),
)
async def invite_to_circle(circle_id: UUID, form: InviteForm, me: Me, tx: Tx, now: Now) -> CircleView:
    """Invite more people to a circle that you lead."""
    return CircleView.of(await use_cases.invite_to_circle(tx, me, circle_id, form.person_ids, now), me)


@routes.post(
    "/circles/{circle_id}/join",
    responses=problems(CircleNotFound, CircleEnded, NotYourStep, CircleStepNotPossible, ConflictOfInterest),
)
async def join_circle(circle_id: UUID, me: Me, tx: Tx, now: Now) -> CircleView:
    """Say yes to being of a circle; who is of it is shown to you, and you to them."""
    return CircleView.of(await use_cases.join_circle(tx, me, circle_id, now), me)


@routes.post(
    "/circles/{circle_id}/leave",
    status_code=204,
    responses=problems(CircleNotFound, CircleEnded, NotYourStep, CircleStepNotPossible),
)
async def leave_circle(circle_id: UUID, me: Me, tx: Tx, now: Now) -> None:
    """Leave a circle, or follow its invitation not; nobody asks why."""
    await use_cases.leave_circle(tx, me, circle_id, now)


@routes.post("/circles/{circle_id}/end", responses=problems(CircleNotFound, NotYourStep, CircleEnded))
async def end_circle(circle_id: UUID, me: Me, tx: Tx, now: Now) -> CircleView:
    """End a circle that you lead."""
    return CircleView.of(await use_cases.end_circle(tx, me, circle_id, now), me)


@routes.get("/counts")
async def show_counts(me: Me, tx: Tx) -> CountsView:
    """How many people you came to know through pairs and introductions, and how many you mentored and led."""
    return CountsView.of(await use_cases.show_counts(tx, me), me.person_id)
