"""Requests over HTTP: mentees ask, and mentors who are asked answer; refuses to show the one what is the other's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.pairing import use_cases
from services.pairing.domain import (
    MOST_CHOICES,
    NO_PAIR,
    Asked,
    Choice,
    ChoiceNotFound,
    ChoiceState,
    DuplicateChoice,
    IntakeNotFound,
    MenteeAway,
    MenteeNotFound,
    Person,
    Request,
    RequestClosed,
    RequestLapsed,
    RequestNotFound,
    RequestOpen,
    RequestState,
    SamePerson,
)
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Listing, Me, Now, Page, Routes, Tx, problems
from shared.platform.members import Person as Member

routes = Routes("pairing")


class RequestForm(Form):
    """Whom to ask, one after the other; the first is asked at once."""

    mentor_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHOICES)]


DeclineReason = Literal["workload", "rotation", "other_field", "conflict_of_interest", "personal"]
"""Why a mentor says not now, as a code that nobody but the mentor reads."""


class DeclineForm(Form):
    """Why not now, for yourself alone, and whether you take nobody new from now on."""

    reason: DeclineReason | None = None
    close_intake: bool = False


class IntakeView(BaseModel):
    """Whether you take anybody new: proposals, requests, and being listed."""

    person_id: UUID
    accepting: bool

    @classmethod
    def of(cls, mentor: Person) -> Self:
        """The mentor's own switch."""
        return cls.model_validate(mentor, from_attributes=True)


class ChoiceView(BaseModel):
    """One mentor of a request: how it stands, until when it waits, and for the mentee why it was passed over."""

    rank: int
    mentor_id: UUID
    mentor_institution_id: UUID
    state: ChoiceState
    asked_at: AwareDatetime | None
    answer_by: AwareDatetime | None
    closed_at: AwareDatetime | None
    reason: str | None
    pair_id: UUID | None

    @classmethod
    def of(cls, choice: Choice, *, with_reason: bool) -> Self:
        """The choice as the mentee sees it, or without the reason as administrators do."""
        view = cls.model_validate(choice, from_attributes=True)
        return view if with_reason else view.model_copy(update={"reason": None})


class RequestView(BaseModel):
    """A request: who is asked now and until when, or that it is over; `reason` is why it was withdrawn."""

    request_id: UUID
    mentee_id: UUID
    state: RequestState
    sent_at: AwareDatetime
    closed_at: AwareDatetime | None
    reason: str | None
    choices: Sequence[ChoiceView]
    revision: int

    @classmethod
    def of(cls, request: Request, me: Member) -> Self:
        """The request as the mentee or an administrator sees it."""
        mine = request.mentee_id == me.person_id
        return cls(
            request_id=request.request_id,
            mentee_id=request.mentee_id,
            state=request.state,
            sent_at=request.sent_at,
            closed_at=request.closed_at,
            reason=request.reason,
            choices=[ChoiceView.of(choice, with_reason=mine) for choice in request.choices],
            revision=request.revision,
        )


class AskedView(BaseModel):
    """What asks you: who, since when and until when, and how it stands; nothing of whom else the mentee wishes for.

    `reason` is why you said not now, and nobody else is shown it.
    """

    choice_id: UUID
    mentee_id: UUID
    mentee_institution_id: UUID
    state: ChoiceState
    asked_at: AwareDatetime
    answer_by: AwareDatetime
    closed_at: AwareDatetime | None
    pair_id: UUID | None
    reason: str | None
    revision: int

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """The choice as the mentor sees it."""
        return cls.model_validate(asked, from_attributes=True)


@routes.post(
    "/requests",
    status_code=201,
    responses=problems(SamePerson, DuplicateChoice, MenteeNotFound, MenteeAway, RequestOpen, *NO_PAIR),
)
async def send_request(form: RequestForm, me: Me, tx: Tx, now: Now) -> RequestView:
    """Ask up to five mentors, the one you wish for most first; each has 72 hours, and then the next is asked."""
    return RequestView.of(await use_cases.send_request(tx, me, form.mentor_ids, now), me)


@routes.get("/requests")
async def list_requests(page: Page, me: Me, tx: Tx, state: RequestState | None = None) -> Listing[RequestView]:
    """Your requests, or for an administrator those of the institution's mentees, the latest first."""
    requests = await use_cases.list_requests(tx, me, state, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(requests, lambda request: (request.sent_at, request.request_id))
    return Listing(items=[RequestView.of(request, me) for request in listing.items], next=listing.next)


@routes.get("/requests/{request_id}", responses=problems(RequestNotFound))
async def show_request(request_id: UUID, me: Me, tx: Tx) -> RequestView:
    """Where a request stands: who is asked and until when, or that it is over and why."""
    return RequestView.of(await use_cases.show_request(tx, me, request_id), me)


@routes.post("/requests/{request_id}/withdraw", responses=problems(RequestNotFound, StaleRevision, RequestClosed))
async def withdraw_request(request_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> RequestView:
    """Take your request back; nobody is asked any more."""
    return RequestView.of(await use_cases.withdraw_request(tx, me, request_id, if_match, now), me)


@routes.get("/choices")
async def list_choices(page: Page, me: Me, tx: Tx, state: ChoiceState | None = None) -> Listing[AskedView]:
    """Requests that ask you, or asked you, the latest first."""
    asked = await use_cases.list_choices(tx, me, state, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(asked, lambda choice: (choice.asked_at, choice.choice_id))
    return Listing(items=[AskedView.of(choice) for choice in listing.items], next=listing.next)


@routes.get("/choices/{choice_id}", responses=problems(ChoiceNotFound))
async def show_choice(choice_id: UUID, me: Me, tx: Tx) -> AskedView:
    """One request that asks you, or asked you."""
    return AskedView.of(await use_cases.show_choice(tx, me, choice_id))


@routes.post(
    "/choices/{choice_id}/accept",
    responses=problems(ChoiceNotFound, RequestLapsed, StaleRevision, RequestClosed, *NO_PAIR),
)
async def accept_choice(choice_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> AskedView:
    """Say yes; one of your places is taken, the pair begins, and you two have twenty-one days to sign a compact."""
    return AskedView.of(await use_cases.accept_choice(tx, me, choice_id, if_match, now))


@routes.post(
    "/choices/{choice_id}/decline",
    responses=problems(ChoiceNotFound, RequestLapsed, StaleRevision, RequestClosed, IntakeNotFound),
)
async def decline_choice(
    choice_id: UUID, if_match: IfMatch, *, me: Me, tx: Tx, now: Now, form: DeclineForm | None = None
) -> AskedView:
    """Say not now; the mentee learns that and nothing more, and the next mentor is asked."""
    said = form or DeclineForm()
    asked = await use_cases.decline_choice(
        tx, me, choice_id, if_match, reason=said.reason, closes_intake=said.close_intake, now=now
    )
    return AskedView.of(asked)


@routes.get("/intake", responses=problems(IntakeNotFound))
async def show_intake(me: Me, tx: Tx) -> IntakeView:
    """Whether you take anybody new."""
    return IntakeView.of(await use_cases.show_intake(tx, me))


@routes.post("/intake/close", responses=problems(IntakeNotFound))
async def close_intake(me: Me, tx: Tx) -> IntakeView:
    """Take nobody new until you open again; requests that ask you go on to the next mentor, and your pairs stay."""
    return IntakeView.of(await use_cases.set_intake(tx, me, accepting=False))


@routes.post("/intake/open", responses=problems(IntakeNotFound))
async def open_intake(me: Me, tx: Tx) -> IntakeView:
    """Take mentees again."""
    return IntakeView.of(await use_cases.set_intake(tx, me, accepting=True))
