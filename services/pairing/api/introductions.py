"""Introductions over HTTP: a mentor asks two people, who answer; refuses to name anybody before both said yes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.pairing import use_cases
from services.pairing.domain import (
    LONGEST_FIELD,
    MOST_FIELDS,
    Answer,
    ColleagueNotFound,
    FieldNotListed,
    IntroductionAnswered,
    IntroductionClosed,
    IntroductionNotFound,
    IntroductionOpen,
    MenteeNotFound,
    NoMentor,
    NotYourMentee,
    NotYourStep,
    SamePerson,
    Seen,
    ShownIntroduction,
    Wish,
    WishOpen,
)
from shared.platform.errors import StaleRevision
from shared.platform.http import Form, IfMatch, Line, Listing, Me, Now, Page, Routes, Tx, problems

routes = Routes("pairing")

FieldName = Annotated[Line, Field(max_length=LONGEST_FIELD)]
"""In what a mentor can introduce somebody, in the mentor's own words; no patient information."""


class FieldsForm(Form):
    """In what you can introduce somebody. Mentees of your institution, and of those that may borrow you, read it.

    No patient information.
    """

    fields: Annotated[list[FieldName], Field(max_length=MOST_FIELDS)]


class FieldsView(BaseModel):
    """In what you say you can introduce somebody."""

    person_id: UUID
    fields: Sequence[str]


class WishForm(Form):
    """Whom to ask for an introduction, in one of the fields that they list."""

    mentor_id: UUID
    field: FieldName


class WishView(BaseModel):
    """A mentee asks a mentor for an introduction; `introduction_id` is the offer that answered it."""

    wish_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    field: str
    asked_at: AwareDatetime
    answer_by: AwareDatetime
    introduction_id: UUID | None

    @classmethod
    def of(cls, wish: Wish) -> Self:
        """The wish as its two people see it."""
        return cls.model_validate(wish, from_attributes=True)


class OfferForm(Form):
    """Whom you would like to connect: a mentee of yours, or one who asked you, and a colleague; in a field of yours."""

    mentee_id: UUID
    colleague_id: UUID
    field: FieldName


class AnswerForm(Form):
    """Whether you want to be introduced. One form for either answer: nothing that counts requests tells them apart."""

    consents: bool


class IntroductionView(BaseModel):
    """An introduction as you may know it: `part` is what you are in it, and `answer` your own.

    Who is asked with you is named when both have said yes. `did_not_come_about` says neither why nor for whose answer.
    """

    introduction_id: UUID
    part: Literal["mentor", "mentee", "colleague"]
    mentor_id: UUID
    mentor_institution_id: UUID
    mentee_id: UUID | None
    mentee_institution_id: UUID | None
    colleague_id: UUID | None
    colleague_institution_id: UUID | None
    field: str | None
    state: Seen
    offered_at: AwareDatetime
    answer_by: AwareDatetime
    closed_at: AwareDatetime | None
    answer: Answer | None
    revision: int

    @classmethod
    def of(cls, introduction: ShownIntroduction) -> Self:
        """The introduction as one of its three sees it."""
        return cls.model_validate(introduction, from_attributes=True)


@routes.get("/introduction-fields", responses=problems(NoMentor))
async def show_introduction_fields(me: Me, tx: Tx, now: Now) -> FieldsView:
    """In what you say you can introduce somebody."""
    return FieldsView(person_id=me.person_id, fields=await use_cases.show_fields(tx, me, now))


@routes.put("/introduction-fields", responses=problems(NoMentor))
async def set_introduction_fields(form: FieldsForm, me: Me, tx: Tx, now: Now) -> FieldsView:
    """Say in what you can introduce somebody; mentees read it beside your name, also where you are lent."""
    return FieldsView(person_id=me.person_id, fields=await use_cases.set_fields(tx, me, form.fields, now))


@routes.post(
    "/introduction-wishes",
    status_code=201,
    responses=problems(SamePerson, MenteeNotFound, FieldNotListed, WishOpen),
)
async def wish_introduction(form: WishForm, me: Me, tx: Tx, now: Now) -> WishView:
    """Ask a mentor for an introduction; whether they offer one is theirs to say, within fourteen days."""
    return WishView.of(await use_cases.wish_introduction(tx, me, form.mentor_id, form.field, now))


@routes.get("/introduction-wishes")
async def list_introduction_wishes(page: Page, me: Me, tx: Tx) -> Listing[WishView]:
    """What you asked of mentors, and what mentees asked of you, the latest first."""
    wishes = await use_cases.list_wishes(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(wishes, lambda wish: (wish.asked_at, wish.wish_id))
    return Listing(items=[WishView.of(wish) for wish in listing.items], next=listing.next)


@routes.post(
    "/introductions",
    status_code=201,
    responses=problems(NoMentor, FieldNotListed, NotYourMentee, ColleagueNotFound, SamePerson, IntroductionOpen),
)
async def offer_introduction(form: OfferForm, me: Me, tx: Tx, now: Now) -> IntroductionView:
    """Ask both at once whether they want to meet, without naming either; they have fourteen days to answer."""
    offered = await use_cases.offer_introduction(tx, me, form.mentee_id, form.colleague_id, form.field, now)
    return IntroductionView.of(offered)


@routes.get("/introductions")
async def list_introductions(page: Page, me: Me, tx: Tx) -> Listing[IntroductionView]:
    """What you offered, and what asks or asked you, the latest first."""
    shown = await use_cases.list_introductions(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(shown, lambda each: (each.offered_at, each.introduction_id))
    return Listing(items=[IntroductionView.of(each) for each in listing.items], next=listing.next)


@routes.get("/introductions/{introduction_id}", responses=problems(IntroductionNotFound))
async def show_introduction(introduction_id: UUID, me: Me, tx: Tx) -> IntroductionView:
    """One introduction that you offered, or that asks or asked you."""
    return IntroductionView.of(await use_cases.show_introduction(tx, me, introduction_id))


@routes.post(
    "/introductions/{introduction_id}/answer",
    responses=problems(IntroductionNotFound, NotYourStep, StaleRevision, IntroductionClosed, IntroductionAnswered),
)
async def answer_introduction(
    introduction_id: UUID, form: AnswerForm, if_match: IfMatch, *, me: Me, tx: Tx, now: Now
) -> IntroductionView:
    """Say yes or no; your answer is shown to nobody. With the second yes each of you is named to the other."""
    answered = await use_cases.answer_introduction(tx, me, introduction_id, if_match, consents=form.consents, now=now)
    return IntroductionView.of(answered)


@routes.post(
    "/introductions/{introduction_id}/withdraw",
    responses=problems(IntroductionNotFound, NotYourStep, StaleRevision, IntroductionClosed),
)
async def withdraw_introduction(introduction_id: UUID, if_match: IfMatch, me: Me, tx: Tx, now: Now) -> IntroductionView:
    """Take back what you offered, as its mentor; for everybody it did not come about."""
    return IntroductionView.of(await use_cases.withdraw_introduction(tx, me, introduction_id, if_match, now))
