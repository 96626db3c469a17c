"""A pair and the table of its steps; refuses every step that the table does not have, and changes nothing then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from services.pairing.domain.conflicts import REVIEW_CONFLICT_WITHIN, UNRESOLVED, How, Source
from services.pairing.domain.places import Lending, Offer, Seat, refuse_without_place
from services.pairing.domain.refusals import (
    ActivationLapsed,
    ConflictOfInterest,
    NotPossibleNow,
    NotYourStep,
    PairNotFound,
    ProposalLapsed,
    ReasonMissing,
    ReviewOutOfRange,
    SomeoneIsAway,
)
from shared.contracts.pairing import (
    ConflictRaised,
    ConflictResolved,
    PairAccepted,
    PairActivated,
    PairAskedToGoOn,
    PairCutOff,
    PairDeclined,
    PairEnded,
    PairEvent,
    PairGoesOn,
    PairLapsed,
    PairPaused,
    PairProposed,
    PairRecalled,
    PairResumed,
)

State = Literal["proposed", "accepted", "active", "paused", "ended", "declined", "recalled", "lapsed"]
Act = Literal["accept", "decline", "recall", "lapse", "activate", "pause", "resume", "end"]
Who = Literal["mentor", "mentee", "administrator", "directory", "clock", "compact"]
"""Who takes a step: the two people, an administrator of either institution, what the directory said, time,
or the second signature on a compact."""

ANSWER_WITHIN: Final = timedelta(days=7)
ACTIVATE_WITHIN: Final = timedelta(days=21)
REVIEW_WITHIN: Final = timedelta(days=90)
LEAVE: Final = "leave"
NOT_ACTIVATED: Final = "not_activated"
ASKED: Final = "asked"

MENTOR: Final = frozenset[Who]({"mentor"})
DIRECTORY: Final = frozenset[Who]({"directory"})
CLOCK: Final = frozenset[Who]({"clock"})
_THE_TWO: Final = frozenset[Who]({"mentor", "mentee"})
_PEOPLE: Final = frozenset[Who]({"mentor", "mentee", "administrator"})
# Who is several of these takes a step as the first of them that may: one of the two before administrator.
_ORDER: Final[tuple[Who, ...]] = ("mentor", "mentee", "administrator", "directory", "clock", "compact")


@dataclass(frozen=True)
class Step:
    """One row of the table: where an act leads, and who may take it."""

    to: State
    by: frozenset[Who]


# Everything a pair can do; what has no row here is refused, whoever asks.
STEPS: Final[Mapping[tuple[State, Act], Step]] = {
    ("proposed", "accept"): Step("accepted", MENTOR),
    ("proposed", "decline"): Step("declined", _THE_TWO),
    ("proposed", "recall"): Step("recalled", frozenset[Who]({"administrator", "directory"})),
    ("proposed", "lapse"): Step("lapsed", CLOCK),
    ("accepted", "activate"): Step("active", frozenset[Who]({"compact"})),
    ("accepted", "end"): Step("ended", _PEOPLE | DIRECTORY | CLOCK),
    ("active", "pause"): Step("paused", _PEOPLE | DIRECTORY | CLOCK),
    ("active", "end"): Step("ended", _PEOPLE | DIRECTORY | CLOCK),
    ("paused", "resume"): Step("active", _PEOPLE | DIRECTORY),
    ("paused", "end"): Step("ended", _PEOPLE | DIRECTORY | CLOCK),
}
HOLDS_A_PLACE: Final = frozenset[State]({"accepted", "active", "paused"})
CLOSED: Final = frozenset[State]({"ended", "declined", "recalled", "lapsed"})

E = TypeVar("E", bound=PairEvent)


def refuse_strangers(act: Act, by: frozenset[Who]) -> None:
    """Raise NotYourStep where the act is nobody's of these in any state."""
    if not any(by & step.by for (_, name), step in STEPS.items() if name == act):
        raise NotYourStep


@dataclass
class Pair:
    """A mentor and a mentee. Each method that moves it gives the one event that says so; `revision` counts all changes.

    `reason` is why it is paused, or was ended or recalled; `mentor_away` and `mentee_away` hold while that person is
    on leave. `coi_review_by` is set while a conflict of interest waits to be resolved, and says until when it may. From
    `cut_off_at` on a pair that went on after a notice is no administrator's.
    """

    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    proposed_by: UUID
    proposed_at: datetime
    answer_by: datetime
    state: State = "proposed"
    accepted_at: datetime | None = None
    activate_by: datetime | None = None
    activated_at: datetime | None = None
    review_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    place: int | None = None
    shared_place: int | None = None
    mentor_away: bool = False
    mentee_away: bool = False
    coi_review_by: datetime | None = None
    cut_off_at: datetime | None = None
    version: int = 0
    revision: int = 0

    @property
    def is_cross(self) -> bool:
        """Whether mentor and mentee are of different institutions."""
        return self.mentor_institution_id != self.mentee_institution_id

    def roles_of(self, person_id: UUID, now: datetime, *, administers: bool) -> frozenset[Who]:
        """As whom a person may take steps here. Raises PairNotFound for who is none of these."""
        is_cut_off = self.cut_off_at is not None and now >= self.cut_off_at
        roles: set[Who] = {"administrator"} if administers and not is_cut_off else set()
        if person_id == self.mentor_id:
            roles.add("mentor")
        if person_id == self.mentee_id:
            roles.add("mentee")
        if not roles:
            raise PairNotFound
        return frozenset(roles)

    def propose(self) -> PairProposed:
        """The pair's first event, said once after it is made."""
        return self._say(PairProposed, self.proposed_at, proposed_by=self.proposed_by, answer_by=self.answer_by)

    def accept(
        self, offer: Offer, lending: Lending | None, seat: Seat, now: datetime, *, conflicted: bool = False
    ) -> PairAccepted:
        """The mentor says yes and gives `seat`; `lending` is None for a home pair.

        Raises NotPossibleNow, ProposalLapsed, and what `refuse_without_place` raises.
        """
        self._who("accept", MENTOR)
        if now >= self.answer_by:
            raise ProposalLapsed
        refuse_without_place(offer, lending, conflicted=conflicted)
        self.place, self.shared_place = seat.place, seat.shared
        self.accepted_at, self.activate_by = now, now + ACTIVATE_WITHIN
        return self._take("accept", PairAccepted, now, activate_by=self.activate_by)

    def decline(self, by: frozenset[Who], now: datetime) -> PairDeclined:
        """One of the two says no. Raises NotYourStep, NotPossibleNow, ProposalLapsed."""
        who = self._who("decline", by)
        if now >= self.answer_by:
            raise ProposalLapsed
        return self._take("decline", PairDeclined, now, declined_by=who)

    def recall(self, by: frozenset[Who], reason: str | None, now: datetime) -> PairRecalled:
        """An administrator takes the proposal back, or one of the two is gone.

        Raises NotYourStep, NotPossibleNow, ReasonMissing.
        """
        self.reason = _reason_of(self._who("recall", by), reason)
        return self._take("recall", PairRecalled, now, reason=self.reason)

    def lapse(self, now: datetime) -> PairLapsed:
        """The time to answer is over. Raises NotPossibleNow."""
        self._who("lapse", CLOCK)
        return self._take("lapse", PairLapsed, now)

    def activate(self, by: frozenset[Who], now: datetime) -> PairActivated:
        """Both have signed one version of their compact, and nothing else makes a pair active.

        Raises NotYourStep, NotPossibleNow, ActivationLapsed, ConflictOfInterest, SomeoneIsAway.
        """
        self._who("activate", by)
        if self.activate_by is None or now >= self.activate_by:
            raise ActivationLapsed
        if self.coi_review_by is not None:
            raise ConflictOfInterest
        self._refuse_if_away()
        self.activated_at = now
        return self._take("activate", PairActivated, now)

    def pause(self, by: frozenset[Who], reason: str | None, review_at: datetime, now: datetime) -> PairPaused:
        """The pair rests until someone resumes it.

        Raises NotYourStep, NotPossibleNow, ReasonMissing, ReviewOutOfRange.
        """
        code = _reason_of(self._who("pause", by), reason)
        if not now < review_at <= now + REVIEW_WITHIN:
            raise ReviewOutOfRange
        self.reason, self.review_at = code, review_at
        return self._take("pause", PairPaused, now, reason=code, review_at=review_at)

    def resume(self, by: frozenset[Who], now: datetime) -> PairResumed:
        """The pair is at work again. Raises NotYourStep, NotPossibleNow, ConflictOfInterest, SomeoneIsAway."""
        self._who("resume", by)
        if self._is_review_over(now):
            raise ConflictOfInterest
        self._refuse_if_away()
        self.reason = self.review_at = None
        return self._take("resume", PairResumed, now)

    def end(self, by: frozenset[Who], reason: str | None, now: datetime) -> PairEnded:
        """The pair is over and its place is free. Raises NotYourStep, NotPossibleNow, ReasonMissing."""
        self.reason = _reason_of(self._who("end", by), reason)
        self.place = self.shared_place = self.review_at = self.coi_review_by = None
        return self._take("end", PairEnded, now, reason=self.reason)

    def go_away(self, person_id: UUID, now: datetime) -> PairPaused | None:
        """One of the two went on leave: an active pair pauses, any other only remembers it."""
        self._set_away(person_id, away=True)
        if self.state == "active":
            return self.pause(DIRECTORY, LEAVE, now + REVIEW_WITHIN, now)
        self.revision += 1
        return None

    def come_back(self, person_id: UUID, now: datetime) -> PairResumed | None:
        """One of the two came back: a pair that leave paused goes on when nothing else holds it."""
        self._set_away(person_id, away=False)
        if self._goes_on_by_itself(now):
            return self.resume(DIRECTORY, now)
        self.revision += 1
        return None

    def raise_conflict(self, source: Source, now: datetime) -> ConflictRaised | None:
        """Mark a pair that holds a place as in conflict; it goes on meanwhile. None where it is marked."""
        if self.state not in HOLDS_A_PLACE or self.coi_review_by is not None:
            return None
        self.coi_review_by = now + REVIEW_CONFLICT_WITHIN
        return self._say(ConflictRaised, now, source=source, review_by=self.coi_review_by)

    def resolve_conflict(self, how: How, now: datetime) -> list[PairEvent]:
        """Nothing stands between the two any more; what only the conflict paused goes on."""
        if self.coi_review_by is None:
            return []
        self.coi_review_by = None
        said: list[PairEvent] = [self._say(ConflictResolved, now, how=how)]
        if self._goes_on_by_itself(now):
            said.append(self.resume(DIRECTORY, now))
        return said

    def rest_for_conflict(self, now: datetime) -> PairPaused | None:
        """The time to resolve a conflict is over: an active pair pauses. None where nothing is to be done."""
        if self.state != "active" or not self._is_review_over(now):
            return None
        return self.pause(CLOCK, UNRESOLVED, now + REVIEW_WITHIN, now)

    def part(self, reason: str, now: datetime) -> PairRecalled | PairEnded:
        """One of the two is gone for good: a proposal is recalled, a pair ends. Raises NotPossibleNow."""
        if self.state == "proposed":
            return self.recall(DIRECTORY, reason, now)
        return self.end(DIRECTORY, reason, now)

    def ask_to_go_on(self, decide_by: datetime, until: datetime | None, now: datetime) -> PairAskedToGoOn:
        """Notice was given to the agreement: without two yeses the pair ends at `decide_by`."""
        return self._say(PairAskedToGoOn, now, decide_by=decide_by, goes_on_until=until)

    def go_on(self, notice_ends_at: datetime, until: datetime | None, now: datetime) -> PairGoesOn:
        """Both said yes, and with the end of the notice the pair is theirs alone."""
        self.cut_off_at = notice_ends_at
        return self._say(PairGoesOn, now, goes_on_until=until)

    def cut_off(self, now: datetime) -> PairCutOff:
        """The notice is over under which both said yes."""
        return self._say(PairCutOff, now)

    def _goes_on_by_itself(self, now: datetime) -> bool:
        """Whether it is paused for what Osler itself saw, and that is over."""
        paused_by_us = self.state == "paused" and self.reason in {LEAVE, UNRESOLVED}
        return paused_by_us and not (self.mentor_away or self.mentee_away or self._is_review_over(now))

    def _is_review_over(self, now: datetime) -> bool:
        return self.coi_review_by is not None and now >= self.coi_review_by

    def _set_away(self, person_id: UUID, *, away: bool) -> None:
        if person_id == self.mentor_id:
            self.mentor_away = away
        else:
            self.mentee_away = away

    def _refuse_if_away(self) -> None:
        if self.mentor_away or self.mentee_away:
            raise SomeoneIsAway

    def _who(self, act: Act, by: frozenset[Who]) -> Who:
        """As whom the act is taken now; raises NotYourStep or NotPossibleNow and changes nothing."""
        refuse_strangers(act, by)
        step = STEPS.get((self.state, act))
        if step is None:
            raise NotPossibleNow
        allowed = step.by & by
        if not allowed:
            raise NotYourStep
        return min(allowed, key=_ORDER.index)

    def _take(self, act: Act, event: type[E], now: datetime, **facts: Any) -> E:
        """Take the step that `_who` allowed, and state it."""
        self.state = STEPS[self.state, act].to
        if self.state in CLOSED:
            self.closed_at = now
        return self._say(event, now, **facts)

    def _say(self, event: type[E], now: datetime, **facts: Any) -> E:
        """Count one version and one revision, and state the fact."""
        self.version += 1
        self.revision += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys((self.mentor_institution_id, self.mentee_institution_id))),
            pair_id=self.pair_id,
            mentor_id=self.mentor_id,
            mentee_id=self.mentee_id,
            mentor_institution_id=self.mentor_institution_id,
            mentee_institution_id=self.mentee_institution_id,
            **facts,
        )


def _reason_of(who: Who, reason: str | None) -> str:
    """The reason that is said: the two need none, everyone else gives one. Raises ReasonMissing."""
    if reason is None and who not in _THE_TWO:
        raise ReasonMissing
    return reason or ASKED
