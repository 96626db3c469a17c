"""Opportunities over HTTP: offered to mentees with a deadline, saved and dropped; refuses a deadline gone by."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.pairing import use_cases
from services.pairing.domain import (
    MOST_OFFERED_TO,
    AlreadyFollowed,
    DeadlineOutOfRange,
    FollowState,
    NotOfferedByYou,
    NotYourStep,
    Opportunity,
    OpportunityKind,
    OpportunityNotFound,
    OpportunityOver,
    SamePerson,
)
from shared.platform.http import Day, Form, Instant, Line, Listing, Me, Now, Page, Routes, Text, Tx, problems
from shared.platform.members import Person as Member

routes = Routes("pairing")


class OpportunityForm(Form):
    """What you offer, in words without patient information, until when, and to which mentees.

    A deadline is an instant, or a day: then it is the end of that day at your institution.
    """

    kind: OpportunityKind
    title: Line
    details: Text | None = None
    deadline: Annotated[Instant | Day, Field(union_mode="left_to_right")]
    mentee_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_OFFERED_TO)]


class OpportunityView(BaseModel):
    """An opportunity, open until `deadline_at`; `state` is what you made of it, and `followers` how many others did.

    `deadline_day` is set where no hour was given. `followers` is counted for who offers it, and for administrators.
    """

    opportunity_id: UUID
    kind: OpportunityKind
    title: str | None
    details: str | None
    offered_by: UUID
    institution_id: UUID
    offered_at: AwareDatetime
    deadline_at: AwareDatetime
    deadline_day: date | None
    withdrawn_at: AwareDatetime | None
    state: FollowState
    followers: int | None

    @classmethod
    def of(cls, opportunity: Opportunity, me: Member) -> Self:
        """The opportunity as somebody sees it; nobody is shown who else was offered it."""
        mine = opportunity.follower(me.person_id, me.institution_id)
        counts = me.person_id == opportunity.offered_by or me.administers
        followers = sum(each.state in {"offered", "saved"} for each in opportunity.followers)
        return cls(
            opportunity_id=opportunity.opportunity_id,
            kind=opportunity.kind,
            title=opportunity.title,
            details=opportunity.details,
            offered_by=opportunity.offered_by,
            institution_id=opportunity.institution_id,
            offered_at=opportunity.offered_at,
            deadline_at=opportunity.deadline_at,
            deadline_day=opportunity.deadline_day,
            withdrawn_at=opportunity.withdrawn_at,
            state=mine.state,
            followers=followers if counts else None,
        )


@routes.post("/opportunities", status_code=201, responses=problems(SamePerson, DeadlineOutOfRange, NotOfferedByYou))
async def offer_opportunity(form: OpportunityForm, me: Me, tx: Tx, now: Now) -> OpportunityView:
    """Offer a conference, a project or a role to mentees of your institution, or as a mentor to those of your pairs."""
    words = form.title, form.details
    offered = await use_cases.offer_opportunity(tx, me, form.kind, words, form.deadline, form.mentee_ids, now)
    return OpportunityView.of(offered, me)


@routes.get("/opportunities")
async def list_opportunities(page: Page, me: Me, tx: Tx, now: Now) -> Listing[OpportunityView]:
    """What you offer, are offered or have saved, and as a mentee what is open at your institution; the latest first."""
    found = await use_cases.list_opportunities(tx, me, page.position(datetime, UUID), page.limit + 1, now)
    listing = page.listing(found, lambda each: (each.offered_at, each.opportunity_id))
    return Listing(items=[OpportunityView.of(each, me) for each in listing.items], next=listing.next)


@routes.get("/opportunities/{opportunity_id}", responses=problems(OpportunityNotFound))
async def show_opportunity(opportunity_id: UUID, me: Me, tx: Tx) -> OpportunityView:
    """One opportunity."""
    return OpportunityView.of(await use_cases.show_opportunity(tx, me, opportunity_id), me)


@routes.post(
    "/opportunities/{opportunity_id}/save",
    responses=problems(SamePerson, OpportunityNotFound, OpportunityOver, AlreadyFollowed),
)
async def save_opportunity(opportunity_id: UUID, me: Me, tx: Tx, now: Now) -> OpportunityView:
    """Save an opportunity; you are reminded 7 days and 1 day before its deadline, at 09:00 your time."""
    return OpportunityView.of(await use_cases.save_opportunity(tx, me, opportunity_id, now), me)


@routes.post(
    "/opportunities/{opportunity_id}/drop",
    responses=problems(SamePerson, OpportunityNotFound, OpportunityOver, AlreadyFollowed),
)
async def drop_opportunity(opportunity_id: UUID, me: Me, tx: Tx, now: Now) -> OpportunityView:
    """Hear no more of an opportunity."""
    return OpportunityView.of(await use_cases.drop_opportunity(tx, me, opportunity_id, now), me)


@routes.post(
    "/opportunities/{opportunity_id}/withdraw", responses=problems(OpportunityNotFound, NotYourStep, OpportunityOver)
)
async def withdraw_opportunity(opportunity_id: UUID, me: Me, tx: Tx, now: Now) -> OpportunityView:
    """Take back what you offered, or as an administrator what somebody of your institution did."""
    return OpportunityView.of(await use_cases.withdraw_opportunity(tx, me, opportunity_id, now), me)
