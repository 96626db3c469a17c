"""When a pair is asked, and what may become of the request; it refuses every step that its table does not name."""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self
from uuid import UUID, uuid5

from services.feedback.domain.forms import THIRD_MEETING
from shared.contracts.feedback import (
    FeedbackClosed,
    FeedbackEvent,
    FeedbackRequested,
    FeedbackRevealed,
    FeedbackSubmitted,
    FeedbackWithdrawn,
)
from shared.platform.errors import Conflict, NotFound

State = Literal["open", "one_answered", "revealed", "closed", "withdrawn"]
Act = Literal["answer", "reveal", "close", "withdraw"]

STEPS: Final[Mapping[tuple[State, Act], State]] = {
    ("open", "answer"): "one_answered",
    ("open", "close"): "closed",
    ("open", "withdraw"): "withdrawn",
    ("one_answered", "answer"): "one_answered",
    ("one_answered", "reveal"): "revealed",
}
"""The whole life of a request: what is not here cannot happen (docs/guide/rules.md, Feedback).

The second answer is a step of its own, and the reveal follows it in the same transaction.
"""

ASKED_AFTER: Final = 3
"""Held meetings of a pair, confirmed or not, until both are asked."""
UNANSWERED: Final = timedelta(days=30)
UNTIL_REVEAL: Final = timedelta(days=14)


class RequestNotFound(NotFound):
    """There is no such request for feedback that you may see."""


class AlreadyRevealed(Conflict):
    """The answers have been revealed to both, so the form is closed. What you had answered is kept as it was."""


class RequestClosed(Conflict):
    """Nobody answered within thirty days, so the form is closed. Nothing was changed."""


class RequestWithdrawn(Conflict):
    """The pair ended before anybody answered, so the form is closed. Nothing was changed."""


_OVER: Final[Mapping[State, type[Conflict]]] = {
    "revealed": AlreadyRevealed,
    "closed": RequestClosed,
    "withdrawn": RequestWithdrawn,
}


def request_id_of(cause_id: UUID) -> UUID:
    """The id of the request that an event causes, so that a replay asks once."""
    return uuid5(cause_id, "feedback_request")


@dataclass
class Pair:
    """What feedback keeps of a pair: who the two are, and the meetings that count towards a request."""

    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    ended_at: datetime | None = None
    held_meeting_ids: list[UUID] = field(default_factory=list[UUID])

    def count(self, meeting_id: UUID) -> bool:
        """Count a held meeting, each once; whether it is the one after which both are asked."""
        if meeting_id in self.held_meeting_ids:
            return False
        insort(self.held_meeting_ids, meeting_id)  # whichever is heard first, what is kept is the same
        return len(self.held_meeting_ids) == ASKED_AFTER


@dataclass
class FeedbackRequest:
    """A request to both people of a pair: each method is one act of `STEPS` and says one event."""

    request_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    form: str
    form_version: int
    asked_at: datetime
    closes_at: datetime
    state: State = "open"
    mentor_answered_at: datetime | None = None
    mentee_answered_at: datetime | None = None
    reveals_at: datetime | None = None
    over_at: datetime | None = None
    erased_ids: list[UUID] = field(default_factory=list[UUID])
    version: int = 0
    revision: int = 0

    @classmethod
    def ask(cls, pair: Pair, request_id: UUID, at: datetime) -> tuple[Self, FeedbackRequested]:
        """Ask both people of a pair."""
        request = cls(
            request_id=request_id,
            pair_id=pair.pair_id,
            mentor_id=pair.mentor_id,
            mentee_id=pair.mentee_id,
            mentor_institution_id=pair.mentor_institution_id,
            mentee_institution_id=pair.mentee_institution_id,
            form=THIRD_MEETING.name,
            form_version=THIRD_MEETING.version,
            asked_at=at,
            closes_at=at + UNANSWERED,
        )
        said = FeedbackRequested(
            **request._said("open", at),
            mentor_id=pair.mentor_id,
            mentee_id=pair.mentee_id,
            occasion="third_meeting",
            closes_at=request.closes_at,
        )
        return request, said

    def is_of(self, person_id: UUID) -> bool:
        """Whether this person is one of the two, and not erased."""
        return person_id in {self.mentor_id, self.mentee_id} and person_id not in self.erased_ids

    def other_than(self, person_id: UUID) -> UUID:
        """The other one of the two."""
        return self.mentee_id if person_id == self.mentor_id else self.mentor_id

    def answered_at(self, person_id: UUID) -> datetime | None:
        """When one of the two last answered."""
        return self.mentor_answered_at if person_id == self.mentor_id else self.mentee_answered_at

    @property
    def both_answered(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.mentor_answered_at is not None and self.mentee_answered_at is not None

    def accept(self, author_id: UUID, now: datetime) -> FeedbackSubmitted:
        """One of the two answers, or changes their answers; the first answer sets the reveal 14 days later.

        Raises RequestNotFound, AlreadyRevealed, RequestClosed, RequestWithdrawn.
        """
        if not self.is_of(author_id):
            raise RequestNotFound
        state = self._after("answer")
        self._expect_in_time(now)
        self.reveals_at = self.reveals_at or now + UNTIL_REVEAL
        if author_id == self.mentor_id:
            self.mentor_answered_at = now
        else:
            self.mentee_answered_at = now
        return FeedbackSubmitted(**self._said(state, now), person_id=author_id, reveals_at=self.reveals_at)

    def reveal(self, now: datetime) -> FeedbackRevealed:
        """Both may read each other's answers from now on. Raises what `accept` raises of its state."""
        state = self._after("reveal")
        self.over_at = now
        reason = "both_answered" if self.both_answered else "fourteen_days"
        return FeedbackRevealed(**self._said(state, now), reason=reason)

    def close(self, now: datetime) -> FeedbackClosed:
        """Thirty days passed without any answer. Raises what `accept` raises of its state."""
        state = self._after("close")
        self.over_at = now
        return FeedbackClosed(**self._said(state, now))

    def withdraw(self, now: datetime) -> FeedbackWithdrawn:
        """The pair ended before any answer. Raises what `accept` raises of its state."""
        state = self._after("withdraw")
        self.over_at = now
        return FeedbackWithdrawn(**self._said(state, now))

    def end_with_pair(self, at: datetime) -> FeedbackWithdrawn | None:
        """The pair ended: what nobody had answered by then is withdrawn; None where it goes on, or was over by then."""
        if not self.may("withdraw") or at >= self.closes_at:  # the timer of the closing may be late
            return None
        return self.withdraw(max(at, self.asked_at))

    @classmethod
    def recall(cls, pair: Pair, said: Sequence[FeedbackEvent]) -> Self:
        """The request as another life of this service left it: the same id, and each step at its own instant.

        `said` is all that was said of it. What was answered no event tells. Raises what the steps raise.
        """
        request, _ = cls.ask(pair, said[0].request_id, said[0].occurred_at)
        for event in said:
            match event:
                case FeedbackSubmitted():
                    request.accept(event.person_id, event.occurred_at)
                case FeedbackRevealed():
                    request.reveal(event.occurred_at)
                case FeedbackClosed():
                    request.close(event.occurred_at)
                case FeedbackWithdrawn():
                    request.withdraw(event.occurred_at)
                case FeedbackRequested():
                    request.closes_at = event.closes_at
                case _:
                    continue
        return request

    def may(self, act: Act) -> bool:
        """Whether the request is in a state in which this can be done."""
        return (self.state, act) in STEPS

    def _after(self, act: Act) -> State:
        state = STEPS.get((self.state, act))
        if state is None:
            raise _OVER.get(self.state, Conflict)
        return state

    def _expect_in_time(self, now: datetime) -> None:
        """A timer is late by a little; what it will do holds from the instant for which it was set."""
        if self.reveals_at is not None and now >= self.reveals_at:
            raise AlreadyRevealed
        if self.reveals_at is None and now >= self.closes_at:
            raise RequestClosed

    def _said(self, state: State, now: datetime) -> dict[str, Any]:
        """Take the step, and give what each of a request's events carries under its new version."""
        self.state = state
        self.version += 1
        self.revision += 1
        return {
            "version": self.version,
            "occurred_at": now,
            "institution_ids": tuple(dict.fromkeys((self.mentor_institution_id, self.mentee_institution_id))),
            "request_id": self.request_id,
            "pair_id": self.pair_id,
        }
