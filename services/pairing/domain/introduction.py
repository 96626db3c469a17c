"""An introduction and the table of its steps; refuses to let anybody tell a no from silence."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4

from services.pairing.domain.introduction_refusals import (
    FieldNotListed,
    IntroductionAnswered,
    IntroductionClosed,
    IntroductionNotFound,
)
from services.pairing.domain.refusals import NotYourStep, SamePerson
from shared.contracts import pairing as says  # its IntroductionClosed is the fact; the one above is the refusal

IntroductionState = Literal["offered", "half_consented", "declined", "connected", "withdrawn", "lapsed"]
IntroductionAct = Literal["consent", "decline", "withdraw", "lapse"]
Party = Literal["mentor", "mentee", "colleague", "administrator", "directory", "clock"]
"""Who takes a step: whoever introduces, the two who are asked, an administrator, what the directory said, or time."""
Side = Literal["mentee", "colleague"]
Seen = Literal["waiting", "connected", "did_not_come_about"]
"""What anybody is told of an introduction: half a consent and a no read as silence does."""
Outcome = Literal["connected", "withdrawn", "lapsed"]
Answer = Literal["yes", "no"]

ANSWER_INTRODUCTION_WITHIN: Final = timedelta(days=14)
"""Elapsed days from the offer; a no is told to nobody before they are over."""
MOST_FIELDS: Final = 10
LONGEST_FIELD: Final = 80


@dataclass(frozen=True)
class IntroductionStep:
    """One row of the table: where an act leads, and whose it is."""

    to: IntroductionState
    by: frozenset[Party]


_ASKED: Final = frozenset[Party]({"mentee", "colleague"})
_TAKES_BACK: Final = frozenset[Party]({"mentor", "directory"})
_CLOCK: Final = frozenset[Party]({"clock"})

# Everything an introduction can do. After a no all goes on as after silence: who watches must see no difference.
INTRODUCTION_STEPS: Final[Mapping[tuple[IntroductionState, IntroductionAct], IntroductionStep]] = {
    ("offered", "consent"): IntroductionStep("half_consented", _ASKED),
    ("offered", "decline"): IntroductionStep("declined", _ASKED),
    ("offered", "withdraw"): IntroductionStep("withdrawn", _TAKES_BACK),
    ("offered", "lapse"): IntroductionStep("lapsed", _CLOCK),
    ("half_consented", "consent"): IntroductionStep("connected", _ASKED),
    ("half_consented", "decline"): IntroductionStep("declined", _ASKED),
    ("half_consented", "withdraw"): IntroductionStep("withdrawn", _TAKES_BACK),
    ("half_consented", "lapse"): IntroductionStep("lapsed", _CLOCK),
    ("declined", "consent"): IntroductionStep("declined", _ASKED),
    ("declined", "decline"): IntroductionStep("declined", _ASKED),
    ("declined", "withdraw"): IntroductionStep("withdrawn", _TAKES_BACK),
    ("declined", "lapse"): IntroductionStep("lapsed", _CLOCK),
}

E = TypeVar("E", bound=says.IntroductionEvent)


@dataclass
class AskedPerson:
    """One of the two who are asked. `revision` counts what this person did and was told, and nothing of the other."""

    person_id: UUID
    institution_id: UUID
    answer: Answer | None = None
    revision: int = 1


@dataclass
class Introduction:
    """A mentor asks a mentee and a colleague whether they want to meet; `institution_id` is the mentor's.

    `revision` counts what the mentor is told, `version` what is said to everybody: of an answer neither says anything.
    """

    introduction_id: UUID
    institution_id: UUID
    mentor_id: UUID
    field: str | None
    offered_at: datetime
    answer_by: datetime
    mentee: AskedPerson
    colleague: AskedPerson
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    version: int = 0
    revision: int = 0

    @property
    def state(self) -> IntroductionState:
        """Where it stands in the table; a no weighs more than a yes."""
        if self.outcome is not None:
            return self.outcome
        answers = {self.mentee.answer, self.colleague.answer}
        if "no" in answers:
            return "declined"
        return "half_consented" if "yes" in answers else "offered"

    @property
    def seen(self) -> Seen:
        """What all three may be told."""
        if self.outcome is None:
            return "waiting"
        return "connected" if self.outcome == "connected" else "did_not_come_about"

    def side_of(self, person_id: UUID) -> Side:
        """Which of the two somebody is. Raises IntroductionNotFound."""
        if person_id == self.mentee.person_id:
            return "mentee"
        if person_id == self.colleague.person_id:
            return "colleague"
        raise IntroductionNotFound

    def asked(self, side: Side) -> AskedPerson:
        """One of the two."""
        return self.mentee if side == "mentee" else self.colleague

    def offer(self) -> says.IntroductionOffered:
        """The two are asked."""
        self.revision += 1
        return self._say(says.IntroductionOffered, self.offered_at, [self.institution_id], answer_by=self.answer_by)

    def move(
        self, act: IntroductionAct, by: Party, now: datetime
    ) -> says.IntroductionConsented | says.IntroductionClosed | None:
        """Take a step of the table; None where nobody is told of it.

        Raises IntroductionClosed, NotYourStep, IntroductionAnswered. Which of them follows from what whoever acts
        knows already, and never from what the other one answered.
        """
        step = INTRODUCTION_STEPS.get((self.state, act))
        if step is None:
            raise IntroductionClosed
        if by not in step.by:
            raise NotYourStep
        if by == "mentee" or by == "colleague":  # noqa: PLR1714 - the type checker narrows by comparisons alone
            self._answer(self.asked(by), "yes" if act == "consent" else "no", now)
        if step.to == "connected":
            return self._connect(now)
        return self._close("withdrawn" if act == "withdraw" else "lapsed", now) if act in _ENDS else None

    def _answer(self, asked: AskedPerson, answer: Answer, now: datetime) -> None:
        """A yes may become a no until the two are connected; a no stands."""
        if now >= self.answer_by:
            raise IntroductionClosed
        if asked.answer in {"no", answer}:
            raise IntroductionAnswered
        asked.answer = answer
        asked.revision += 1

    def _connect(self, now: datetime) -> says.IntroductionConsented:
        self._end("connected", now)
        return self._say(
            says.IntroductionConsented,
            now,
            [self.institution_id, self.mentee.institution_id, self.colleague.institution_id],
            mentee_id=self.mentee.person_id,
            mentee_institution_id=self.mentee.institution_id,
            colleague_id=self.colleague.person_id,
            colleague_institution_id=self.colleague.institution_id,
        )

    def _close(self, outcome: Outcome, now: datetime) -> says.IntroductionClosed:
        """What each answered is forgotten: nobody can look up later whose no it was."""
        self._end(outcome, now)
        self.mentee.answer = self.colleague.answer = None
        return self._say(says.IntroductionClosed, now, [self.institution_id])

    def _end(self, outcome: Outcome, now: datetime) -> None:
        self.outcome, self.closed_at = outcome, now
        self.revision += 1
        self.mentee.revision += 1
        self.colleague.revision += 1

    def _say(self, event: type[E], now: datetime, concerned: Collection[UUID], **facts: Any) -> E:
        self.version += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys(concerned)),
            introduction_id=self.introduction_id,
            mentor_id=self.mentor_id,
            mentor_institution_id=self.institution_id,
            **facts,
        )


_ENDS: Final = frozenset[IntroductionAct]({"withdraw", "lapse"})


@dataclass(frozen=True)
class ShownIntroduction:
    """An introduction as one of the three may know it; of who is asked with them nothing before both said yes.

    `part` is which of the three is shown it, and `answer` their own.
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
    offered_at: datetime
    answer_by: datetime
    closed_at: datetime | None
    answer: Answer | None
    revision: int


@dataclass(frozen=True)
class Wish:
    """A mentee asks a mentor for an introduction in a field that they list; an offer answers it, or it lapses."""

    wish_id: UUID
    mentor_id: UUID
    mentor_institution_id: UUID
    mentee_id: UUID
    mentee_institution_id: UUID
    field: str
    asked_at: datetime
    answer_by: datetime
    introduction_id: UUID | None = None


def new_introduction(
    mentor: tuple[UUID, UUID], mentee: tuple[UUID, UUID], colleague: tuple[UUID, UUID], field: str, now: datetime
) -> Introduction:
    """An introduction that has asked nobody yet; each of the three is an id with the person's institution.

    Raises SamePerson.
    """
    if len({mentor[0], mentee[0], colleague[0]}) < len((mentor, mentee, colleague)):
        raise SamePerson
    return Introduction(
        introduction_id=uuid4(),
        institution_id=mentor[1],
        mentor_id=mentor[0],
        field=field,
        offered_at=now,
        answer_by=now + ANSWER_INTRODUCTION_WITHIN,
        mentee=AskedPerson(*mentee),
        colleague=AskedPerson(*colleague),
    )


def refuse_unlisted(field: str, listed: Collection[str]) -> None:
    """Raise FieldNotListed where the mentor does not say that they can introduce somebody in this field."""
    if field not in listed:
        raise FieldNotListed
