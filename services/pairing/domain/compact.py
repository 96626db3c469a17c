"""The compact of a pair and the table of its steps; refuses every step that the table does not have."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4

from services.pairing.domain.compact_refusals import (
    AlreadySigned,
    CompactNotPossibleNow,
    StaleCompactVersion,
)
from services.pairing.domain.pair import Pair, Who
from services.pairing.domain.refusals import NotYourStep
from services.pairing.domain.terms import INTERVALS, Terms
from shared.contracts.pairing import (
    CompactEvent,
    CompactInForce,
    CompactOffered,
    CompactSigned,
    DriftCleared,
    DriftRaised,
)

Part = Literal["mentor", "mentee"]
CompactState = Literal["answering", "compared", "offered", "in_force", "amending", "ended"]
CompactAct = Literal["answer", "offer", "withdraw", "sign", "set_support", "end"]
VersionState = Literal["offered", "in_force", "withdrawn", "superseded", "ended"]
_THE_TWO: Final = frozenset[Who]({"mentor", "mentee"})
_MENTEE: Final = frozenset[Who]({"mentee"})
_WHOEVER_ENDS_A_PAIR: Final = frozenset[Who]({"mentor", "mentee", "administrator", "directory", "clock"})


@dataclass(frozen=True)
class CompactStep:
    """One row of the table: where an act leads, where it leads once both of the two took it, and who may take it."""

    to: CompactState
    by: frozenset[Who]
    both: CompactState | None = None


# Everything a compact can do; what has no row here is refused, whoever asks.
COMPACT_STEPS: Final[Mapping[tuple[CompactState, CompactAct], CompactStep]] = {
    ("answering", "answer"): CompactStep("answering", _THE_TWO, both="compared"),
    ("compared", "offer"): CompactStep("offered", _THE_TWO),
    ("offered", "offer"): CompactStep("offered", _THE_TWO),
    ("offered", "withdraw"): CompactStep("compared", _THE_TWO),
    ("offered", "sign"): CompactStep("offered", _THE_TWO, both="in_force"),
    ("offered", "set_support"): CompactStep("offered", _MENTEE),
    ("in_force", "offer"): CompactStep("amending", _THE_TWO),
    ("in_force", "set_support"): CompactStep("in_force", _MENTEE),
    ("amending", "offer"): CompactStep("amending", _THE_TWO),
    ("amending", "withdraw"): CompactStep("in_force", _THE_TWO),
    ("amending", "sign"): CompactStep("amending", _THE_TWO, both="in_force"),
    ("amending", "set_support"): CompactStep("amending", _MENTEE),
    ("answering", "end"): CompactStep("ended", _WHOEVER_ENDS_A_PAIR),
    ("compared", "end"): CompactStep("ended", _WHOEVER_ENDS_A_PAIR),
    ("offered", "end"): CompactStep("ended", _WHOEVER_ENDS_A_PAIR),
    ("in_force", "end"): CompactStep("ended", _WHOEVER_ENDS_A_PAIR),
    ("amending", "end"): CompactStep("ended", _WHOEVER_ENDS_A_PAIR),
}

E = TypeVar("E", bound=CompactEvent)


@dataclass
class Version:
    """One version of a compact without its goals; `wording` is the version of the confidentiality text."""

    number: int
    terms: Terms
    wording: int
    offered_by: UUID
    offered_at: datetime
    state: VersionState = "offered"
    mentor_signed_at: datetime | None = None
    mentee_signed_at: datetime | None = None
    in_force_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_signed_by_both(self) -> bool:
        """Whether nobody's signature is missing."""
        return self.mentor_signed_at is not None and self.mentee_signed_at is not None


@dataclass
class Compact:
    """What the two of a pair agree on. `waiting` is the version to be signed, `standing` the one in force.

    `silent_since` only ever rises: the last contact, the activation or the return from a pause, whichever is latest.
    `drift_raised_at` is set from the silence that was raised to the contact that clears it.
    """

    compact_id: UUID
    pair_id: UUID
    mentor_id: UUID
    mentee_id: UUID
    mentor_institution_id: UUID
    mentee_institution_id: UUID
    state: CompactState = "answering"
    mentor_answered_at: datetime | None = None
    mentee_answered_at: datetime | None = None
    compared_at: datetime | None = None
    last_number: int = 0
    silent_since: datetime | None = None
    drift_raised_at: datetime | None = None
    version: int = 0
    revision: int = 0
    waiting: Version | None = None
    standing: Version | None = None

    @classmethod
    def of(cls, pair: Pair) -> "Compact":
        """The compact of a pair in which nobody has said anything yet."""
        return cls(
            uuid4(),
            pair.pair_id,
            pair.mentor_id,
            pair.mentee_id,
            pair.mentor_institution_id,
            pair.mentee_institution_id,
        )

    def person(self, part: Part) -> UUID:
        """Who of the two has this part."""
        return self.mentor_id if part == "mentor" else self.mentee_id

    def answer(self, part: Part, expected: Terms, now: datetime) -> bool:
        """One of the two states what they expect, or states it anew; whether it was for the first time.

        Raises CompactNotPossibleNow, TermsDoNotFit.
        """
        self._check("answer", frozenset[Who]({part}))
        expected.refuse_misfit(now)
        if part == "mentor":
            is_first, self.mentor_answered_at = self.mentor_answered_at is None, now
        else:
            is_first, self.mentee_answered_at = self.mentee_answered_at is None, now
        both = self.mentor_answered_at is not None and self.mentee_answered_at is not None
        if both:
            self.compared_at = now
        self._move("answer", both=both)
        return is_first

    def offer(self, part: Part, terms: Terms, wording: int, now: datetime) -> tuple[CompactOffered, list[Version]]:
        """One of the two offers the next version, without signatures; gives the versions that changed too.

        It takes the place of one that waits. Raises CompactNotPossibleNow, TermsDoNotFit.
        """
        self._check("offer", frozenset[Who]({part}))
        terms.refuse_misfit(now)
        replaced = self._close(self.waiting, "superseded", now)
        self.last_number += 1
        self.waiting = Version(self.last_number, terms, wording, self.person(part), now)
        self._move("offer")
        said = self._say(CompactOffered, now, number=self.last_number, offered_by=self.waiting.offered_by)
        return said, replaced

    def withdraw(self, part: Part, now: datetime) -> list[Version]:
        """Who offered the version that waits takes it back; gives what changed. Raises NotYourStep too."""
        self._check("withdraw", frozenset[Who]({part}))
        if self.waiting is not None and self.waiting.offered_by != self.person(part):
            raise NotYourStep
        withdrawn = self._close(self.waiting, "withdrawn", now)
        self.waiting = None
        self._move("withdraw")
        return withdrawn

    def sign(self, part: Part, number: int, now: datetime) -> tuple[list[CompactEvent], list[Version]]:
        """One of the two signs the version that waits; with both signatures it is in force, and the former is not.

        Gives what is said, and the versions that changed in the order in which they are stored.
        Raises CompactNotPossibleNow, StaleCompactVersion, AlreadySigned, TermsDoNotFit.
        """
        self._check("sign", frozenset[Who]({part}))
        version = self.waiting
        if version is None or version.number != number:
            raise StaleCompactVersion
        version.terms.refuse_misfit(now)
        if (version.mentor_signed_at if part == "mentor" else version.mentee_signed_at) is not None:
            raise AlreadySigned
        if part == "mentor":
            version.mentor_signed_at = now
        else:
            version.mentee_signed_at = now
        both = version.is_signed_by_both
        self._move("sign", both=both)
        said: list[CompactEvent] = [self._say(CompactSigned, now, number=number, signed_by=self.person(part))]
        changed = self._put_in_force(version, now) if both else []
        if both:
            said.append(self._say(CompactInForce, now, number=number, **_facts(version.terms)))
        return said, [*changed, version]

    def set_support(self, part: Part) -> None:
        """The mentee says how a goal is supported; no signature is asked for. Raises CompactNotPossibleNow."""
        self._check("set_support", frozenset[Who]({part}))
        self._move("set_support")

    def end(self, now: datetime) -> list[Version]:
        """The pair is over, and so is what the two agreed; gives the versions that changed."""
        self._check("end", frozenset[Who]({"clock"}))
        closed = [*self._close(self.waiting, "ended", now), *self._close(self.standing, "ended", now)]
        self.waiting = self.standing = None
        self._move("end")
        return closed

    @property
    def drifts_at(self) -> datetime | None:
        """When the silence has lasted too long; None where no version is in force, or this silence was raised."""
        if self.standing is None or self.silent_since is None or self.drift_raised_at is not None:
            return None
        return self.silent_since + self.standing.terms.silence

    def go_on(self, now: datetime) -> None:
        """The pair is back from a pause: silence counts anew."""
        if self.silent_since is not None and now > self.silent_since:
            self.silent_since = now
            self.revision += 1

    def hear_contact(self, at: datetime, now: datetime) -> DriftCleared | None:
        """The two were in contact at this time, which may be heard of late: an earlier one than is known says nothing.

        A contact that is itself too long ago does not clear a drift, or it would be raised again at once.
        """
        if self.standing is None or self.silent_since is None or at <= self.silent_since:
            return None
        self.silent_since = at
        self.revision += 1
        if self.drift_raised_at is None or at + self.standing.terms.silence <= now:
            return None
        self.drift_raised_at = None
        return self._say(DriftCleared, now, contact_at=at)

    def raise_drift(self, now: datetime) -> DriftRaised | None:
        """The silence has lasted too long; None where it has not, or that was said."""
        due = self.drifts_at
        if due is None or now < due:
            return None
        self.drift_raised_at = now
        self.revision += 1
        return self._say(DriftRaised, now, silent_since=self.silent_since)

    def _put_in_force(self, version: Version, now: datetime) -> list[Version]:
        former = self._close(self.standing, "superseded", now)
        version.state, version.in_force_at = "in_force", now
        self.standing, self.waiting = version, None
        if self.silent_since is None:
            self.silent_since = now
        return former

    def _close(self, version: Version | None, state: VersionState, now: datetime) -> list[Version]:
        return [] if version is None else [replace(version, state=state, closed_at=now)]

    def _check(self, act: CompactAct, by: frozenset[Who]) -> None:
        """Raise NotYourStep or CompactNotPossibleNow where the table has no such step; change nothing."""
        if not any(by & step.by for (_, name), step in COMPACT_STEPS.items() if name == act):
            raise NotYourStep
        step = COMPACT_STEPS.get((self.state, act))
        if step is None:
            raise CompactNotPossibleNow
        if not by & step.by:
            raise NotYourStep

    def _move(self, act: CompactAct, *, both: bool = False) -> None:
        step = COMPACT_STEPS[self.state, act]
        self.state = step.both if both and step.both is not None else step.to
        self.revision += 1

    def _say(self, event: type[E], now: datetime, **facts: Any) -> E:
        """Count one version, and state the fact; the step has counted the revision."""
        self.version += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys((self.mentor_institution_id, self.mentee_institution_id))),
            compact_id=self.compact_id,
            pair_id=self.pair_id,
            mentor_id=self.mentor_id,
            mentee_id=self.mentee_id,
            mentor_institution_id=self.mentor_institution_id,
            mentee_institution_id=self.mentee_institution_id,
            **facts,
        )


def _facts(terms: Terms) -> dict[str, object]:
    """What others may build on: when the compact starts, is half over and ends, and how often the two meet."""
    return {
        "starts_at": terms.starts_at,
        "mid_term_at": terms.mid_term_at,
        "ends_at": terms.ends_at,
        "meeting_interval_days": INTERVALS[terms.meeting_interval],
        "meeting_minutes": terms.meeting_minutes,
        "touchpoint_interval_days": INTERVALS[terms.touchpoint_interval],
    }
