"""Feedback over HTTP: each operation parses, calls one use case and shows the outcome; refuses to hold a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.feedback import use_cases
from services.feedback.domain import (
    AlreadyRevealed,
    Answers,
    AnswersDoNotFit,
    FeedbackRequest,
    RequestClosed,
    RequestNotFound,
    RequestWithdrawn,
    Scale,
    State,
    form_of,
)
from services.feedback.domain import Form as Questions
from services.feedback.use_cases import Reading
from shared.platform.http import Form, Listing, Me, Now, Page, Routes, Text, Tx, problems

routes = Routes("feedback")

QuestionKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class AnswersForm(Form):
    """Answers by question: for a scale the number of the chosen word, the first being 1; else a text, or nothing."""

    answers: Annotated[dict[QuestionKey, int | Text | Literal[""]], Field(max_length=20)]


class QuestionView(BaseModel):
    """A question: with `words` it is a scale, with `most_characters` a free text that may be left out."""

    key: str
    wording: str
    words: tuple[str, ...] | None = None
    most_characters: int | None = None

    @classmethod
    def of(cls, questions: Questions) -> list[Self]:
        """The questions of a form, in its order."""
        return [
            cls(key=each.key, wording=each.wording, words=each.words)
            if isinstance(each, Scale)
            else cls(key=each.key, wording=each.wording, most_characters=each.most_characters)
            for each in questions.questions
        ]


class FormView(BaseModel):
    """What is asked, and who will see what; a version never changes."""

    name: str
    version: int
    title: str
    who_sees: str
    caution: str
    questions: list[QuestionView]

    @classmethod
    def of(cls, request: FeedbackRequest) -> Self:
        """The form that a request was made with."""
        form = form_of(request.form, request.form_version)
        return cls(
            name=form.name,
            version=form.version,
            title=form.title,
            who_sees=form.who_sees,
            caution=form.caution,
            questions=QuestionView.of(form),
        )


class RequestView(BaseModel):
    """A request: who was asked, who answered when, and how it stands; never an answer."""

    request_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    state: State
    asked_at: AwareDatetime
    closes_at: AwareDatetime
    reveals_at: AwareDatetime | None
    mentor_answered_at: AwareDatetime | None
    mentee_answered_at: AwareDatetime | None
    over_at: AwareDatetime | None
    revision: int

    @classmethod
    def of(cls, request: FeedbackRequest) -> Self:
        """The request as its two people and administrators of their institutions see it."""
        return cls(
            request_id=request.request_id,
            pair_id=request.pair_id,
            mentor_id=request.mentor_id,
            mentee_id=request.mentee_id,
            state=request.state,
            asked_at=request.asked_at,
            closes_at=request.closes_at,
            reveals_at=request.reveals_at,
            mentor_answered_at=request.mentor_answered_at,
            mentee_answered_at=request.mentee_answered_at,
            over_at=request.over_at,
            revision=request.revision,
        )


class ReadingView(BaseModel):
    """A request for one of its two people: the form, their own answers, and after the reveal the other's."""

    request: RequestView
    form: FormView
    own_answers: Answers | None
    others_answers: Answers | None
    revision: int

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """What the reader may see."""
        return cls(
            request=RequestView.of(reading.request),
            form=FormView.of(reading.request),
            own_answers=reading.own,
            others_answers=reading.others,
            revision=reading.request.revision,
        )


class ExportView(BaseModel):
    """Each request that asked you: the form, your answers, and the other's only after the reveal."""

    as_of: AwareDatetime
    feedback_requests: Sequence[ReadingView]


@routes.get("/feedback-requests")
async def list_feedback_requests(page: Page, me: Me, tx: Tx) -> Listing[RequestView]:
    """Your requests, or for an administrator the institution's, the newest first; who and when, never what."""
    requests = await use_cases.list_requests(tx, me, page.position(datetime, UUID), page.limit + 1)
    listing = page.listing(requests, lambda request: (request.asked_at, request.request_id))
    return Listing(items=[RequestView.of(request) for request in listing.items], next=listing.next)


@routes.get("/feedback-requests/{request_id}", responses=problems(RequestNotFound))
async def show_feedback_request(request_id: UUID, me: Me, tx: Tx) -> ReadingView:
    """What you are asked and what you answered; after the reveal also what the other person answered."""
    return ReadingView.of(await use_cases.show_request(tx, request_id, me))


@routes.post(
    "/feedback-requests/{request_id}/answers",
    status_code=204,
    responses=problems(RequestNotFound, AnswersDoNotFit, AlreadyRevealed, RequestClosed, RequestWithdrawn),
)
async def submit_feedback(request_id: UUID, form: AnswersForm, me: Me, tx: Tx, now: Now) -> None:
    """Give your answers; they stay yours to change until the reveal."""
    await use_cases.submit_feedback(tx, request_id, me, form.answers, now)


@routes.get("/me/export")
async def export_me(me: Me, tx: Tx, now: Now) -> ExportView:
    """Everything of you that feedback keeps: what you were asked and answered, and what was revealed to you."""
    readings = await use_cases.gather_own(tx, me)
    return ExportView(as_of=now, feedback_requests=[ReadingView.of(reading) for reading in readings])
