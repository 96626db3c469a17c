"""A mentee's request and the table of its choices' steps; refuses every step that the table does not have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4

from services.pairing.domain.pair import Pair, Who
from services.pairing.domain.refusals import NotYourStep, SamePerson
from services.pairing.domain.request_refusals import (
    ChoiceNotFound,
    DuplicateChoice,
    RequestClosed,
    RequestLapsed,
    RequestNotFound,
)
from shared.contracts import pairing as says  # its RequestLapsed is the fact; the one above is the refusal
from shared.platform.errors import pointing_at

RequestState = Literal["open", "accepted", "withdrawn", "exhausted"]
ChoiceState = Literal["not_asked", "asked", "accepted", "declined", "lapsed", "passed_over", "withdrawn"]
ChoiceAct = Literal["ask", "accept", "decline", "lapse", "pass_over", "withdraw"]

MOST_CHOICES: Final = 5
ANSWER_REQUEST_WITHIN: Final = timedelta(hours=72)
"""Elapsed hours from the instant of asking, nights and weekends included."""
ASKED_BACK: Final = "asked"
"""The reason of a withdrawal by the mentee, who owes none."""
PAIRED: Final = "paired"
"""The reason of a withdrawal because a pair of the mentee with another mentor became active."""


@dataclass(frozen=True)
class ChoiceStep:
    """One row of the table: where an act leads, and whose it is; asking follows from whoever's act made room for it."""

    to: ChoiceState
    by: frozenset[Who]


_FOLLOWS: Final = frozenset[Who]({"mentor", "mentee", "directory", "clock"})

# Everything a choice can do while its request is open; what has no row here is refused, whoever asks.
CHOICE_STEPS: Final[Mapping[tuple[ChoiceState, ChoiceAct], ChoiceStep]] = {
    ("not_asked", "ask"): ChoiceStep("asked", _FOLLOWS),
    ("not_asked", "pass_over"): ChoiceStep("passed_over", _FOLLOWS),
    ("asked", "accept"): ChoiceStep("accepted", frozenset[Who]({"mentor"})),
    ("asked", "decline"): ChoiceStep("declined", frozenset[Who]({"mentor"})),
    ("asked", "lapse"): ChoiceStep("lapsed", frozenset[Who]({"clock"})),
    ("asked", "pass_over"): ChoiceStep("passed_over", frozenset[Who]({"mentor", "directory"})),
    ("asked", "withdraw"): ChoiceStep("withdrawn", frozenset[Who]({"mentee", "directory"})),
}

E = TypeVar("E", bound=says.RequestEvent)


@dataclass
class Choice:
    """A mentor in a request's list; `rank` counts from 1, `reason` is why it was passed over.

    `revision` is the choice's own, so that the mentor who is asked learns nothing of the others from it.
    """

    choice_id: UUID
    rank: int
    mentor_id: UUID
    mentor_institution_id: UUID
    state: ChoiceState = "not_asked"
    asked_at: datetime | None = None
    answer_by: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    pair_id: UUID | None = None
    revision: int = 0

    def refuse_late(self, now: datetime) -> None:
        """Raise RequestLapsed for an answer at or after the end, whether or not the clock has fired."""
        if self.state == "lapsed" or (self.state == "asked" and self.answer_by is not None and now >= self.answer_by):
            raise RequestLapsed


@dataclass
class Request:
    """A mentee's ranked list, asked one after the other; each method that moves it gives the one event that says so.

    `reason` is why it was withdrawn.
    """

    request_id: UUID
    institution_id: UUID
    mentee_id: UUID
    sent_at: datetime
    choices: list[Choice]
    state: RequestState = "open"
    closed_at: datetime | None = None
    reason: str | None = None
    version: int = 0
    revision: int = 0

    @property
    def asked(self) -> Choice | None:
        """The choice that is being asked; an open request always has one between its steps."""
        return next((choice for choice in self.choices if choice.state == "asked"), None)

    @property
    def following(self) -> Choice | None:
        """The choice whose turn is next."""
        return next((choice for choice in self.choices if choice.state == "not_asked"), None)

    def choice(self, choice_id: UUID) -> Choice:
        """One of the choices. Raises ChoiceNotFound."""
        found = next((choice for choice in self.choices if choice.choice_id == choice_id), None)
        if found is None:
            raise ChoiceNotFound
        return found

    def go_on(self, refusal: str | None, by: frozenset[Who], now: datetime) -> says.RequestEvent:
        """The next choice is asked, or passed over for `refusal`; with none left the request is exhausted.

        To be repeated until somebody is asked or nobody is left. Raises RequestClosed, NotYourStep.
        """
        self._refuse_closed()
        if self.asked is not None:
            raise RequestClosed
        choice = self.following
        if choice is None:
            self._close("exhausted", now)
            return self._say(says.RequestExhausted, now, [self.institution_id])
        if refusal is not None:
            return self.pass_over(choice, refusal, by, now)
        self._check(choice, "ask", by)
        choice.asked_at, choice.answer_by = now, now + ANSWER_REQUEST_WITHIN
        return self._take(choice, "ask", says.RequestSent, now, answer_by=choice.answer_by)

    def accept(self, choice: Choice, pair: Pair, now: datetime) -> says.RequestAccepted:
        """The mentor says yes, and `pair` begins. Raises RequestLapsed, RequestClosed."""
        self._answer(choice, "accept", now)
        choice.pair_id = pair.pair_id
        self._close("accepted", now)
        return self._take(choice, "accept", says.RequestAccepted, now, pair_id=pair.pair_id)

    def decline(self, choice: Choice, now: datetime) -> says.RequestDeclined:
        """The mentor says no. Raises RequestLapsed, RequestClosed."""
        self._answer(choice, "decline", now)
        return self._take(choice, "decline", says.RequestDeclined, now)

    def lapse(self, choice: Choice, now: datetime) -> says.RequestLapsed:
        """The time to answer is over. Raises RequestClosed."""
        self._check(choice, "lapse", frozenset[Who]({"clock"}))
        return self._take(choice, "lapse", says.RequestLapsed, now)

    def pass_over(self, choice: Choice, reason: str, by: frozenset[Who], now: datetime) -> says.RequestPassedOver:
        """The mentor became impossible; the mentor's institution hears of it only where it had been asked.

        Raises RequestClosed, NotYourStep.
        """
        self._check(choice, "pass_over", by)
        choice.reason = reason
        return self._take(choice, "pass_over", says.RequestPassedOver, now, reason=reason)

    def withdraw(self, by: frozenset[Who], reason: str, now: datetime) -> says.RequestWithdrawn:
        """The mentee takes it back, is gone, or has a mentor. Raises RequestClosed, NotYourStep."""
        asked = self.asked
        if asked is None:
            raise RequestClosed
        self._check(asked, "withdraw", by)
        self.reason = reason
        self._close("withdrawn", now)
        return self._take(asked, "withdraw", says.RequestWithdrawn, now, reason=reason)

    def _answer(self, choice: Choice, act: ChoiceAct, now: datetime) -> None:
        choice.refuse_late(now)
        self._check(choice, act, frozenset[Who]({"mentor"}))

    def _check(self, choice: Choice, act: ChoiceAct, by: frozenset[Who]) -> None:
        """Raise RequestClosed or NotYourStep where the table has no such step; change nothing."""
        self._refuse_closed()
        step = CHOICE_STEPS.get((choice.state, act))
        if step is None:
            raise RequestClosed
        if not by & step.by:
            raise NotYourStep

    def _refuse_closed(self) -> None:
        if self.state != "open":
            raise RequestClosed

    def _close(self, state: RequestState, now: datetime) -> None:
        self.state, self.closed_at = state, now

    def _take(self, choice: Choice, act: ChoiceAct, event: type[E], now: datetime, **facts: Any) -> E:
        """Take the step that `_check` allowed, and state it to who was concerned."""
        choice.state = CHOICE_STEPS[choice.state, act].to
        choice.revision += 1
        if choice.state != "asked":
            choice.closed_at = now
        concerned = [self.institution_id, *([choice.mentor_institution_id] if choice.asked_at else [])]
        return self._say(
            event,
            now,
            concerned,
            choice_id=choice.choice_id,
            mentor_id=choice.mentor_id,
            mentor_institution_id=choice.mentor_institution_id,
            **facts,
        )

    def _say(self, event: type[E], now: datetime, concerned: Sequence[UUID], **facts: Any) -> E:
        self.version += 1
        self.revision += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys(concerned)),
            request_id=self.request_id,
            mentee_id=self.mentee_id,
            mentee_institution_id=self.institution_id,
            **facts,
        )


@dataclass(frozen=True)
class Asked:
    """A choice as the mentor who is asked may know it: who asks and until when, and nothing of the other choices.

    `reason` is why the mentor declined, where they said so, and theirs alone.
    """

    choice_id: UUID
    request_id: UUID
    mentor_id: UUID
    mentor_institution_id: UUID
    mentee_id: UUID
    mentee_institution_id: UUID
    state: ChoiceState
    asked_at: datetime
    answer_by: datetime
    closed_at: datetime | None
    pair_id: UUID | None
    revision: int
    reason: str | None


def refuse_bad_list(mentee_id: UUID, mentor_ids: Sequence[UUID]) -> None:
    """Raises SamePerson for a mentee who names themself, DuplicateChoice for a mentor named twice; each says where."""
    for place, mentor_id in enumerate(mentor_ids):
        with pointing_at("body", "mentor_ids", place):
            if mentor_id == mentee_id:
                raise SamePerson
            if mentor_id in mentor_ids[:place]:
                raise DuplicateChoice


def new_request(mentee_id: UUID, institution_id: UUID, mentors: Sequence[tuple[UUID, UUID]], now: datetime) -> Request:
    """A request that has asked nobody yet; `mentors` are ids with their institutions, the first wished for most."""
    return Request(
        request_id=uuid4(),
        institution_id=institution_id,
        mentee_id=mentee_id,
        sent_at=now,
        choices=[Choice(uuid4(), rank, *mentor) for rank, mentor in enumerate(mentors, start=1)],
    )


def refuse_strangers_to(request: Request, person_id: UUID, *, administers: bool) -> None:
    """Raise RequestNotFound for who is neither the mentee nor an administrator of the mentee's institution.

    That the institution is theirs is kept by the wall.
    """
    if person_id != request.mentee_id and not administers:
        raise RequestNotFound
