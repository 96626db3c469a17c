"""A mentor's portable record: what may be said of a mentor's work, for promotion; refuses whatever nobody allowed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.pairing.domain.circle import Counts
from services.pairing.domain.pair import Pair
from services.pairing.domain.refusals import NotPossibleNow, NotYourStep, PairNotFound
from services.pairing.domain.terms import words_end


@dataclass(frozen=True)
class Tally:
    """What the two of a pair did together; `verified_minutes` are those of `meetings` that one of them confirmed."""

    meetings: int = 0
    verified_minutes: int = 0
    unconfirmed_meetings: int = 0
    touchpoints: int = 0
    touchpoint_minutes: int = 0

    @classmethod
    def sum(cls, tallies: Iterable["Tally"]) -> "Tally":
        """All of them together."""
        total = cls()
        for each in tallies:
            total = cls(
                total.meetings + each.meetings,
                total.verified_minutes + each.verified_minutes,
                total.unconfirmed_meetings + each.unconfirmed_meetings,
                total.touchpoints + each.touchpoints,
                total.touchpoint_minutes + each.touchpoint_minutes,
            )
        return total


@dataclass(frozen=True)
class Acknowledgement:
    """What a mentee lets the mentor show: their name, and a note; at first neither. The mentor may read the note."""

    is_named: bool = False
    thanks: str | None = None
    thanks_in_record: bool = False
    thanked_at: datetime | None = None

    @property
    def shown(self) -> tuple[str, datetime] | None:
        """The note where the record may have it, and when it was written."""
        if self.thanks is None or self.thanked_at is None or not self.thanks_in_record:
            return None
        return self.thanks, self.thanked_at


@dataclass(frozen=True)
class Mentored:
    """One pair in a record, with the level that the mentee had when it began."""

    pair: Pair
    level: str | None
    tally: Tally
    acknowledgement: Acknowledgement


@dataclass(frozen=True)
class Record:
    """The record of one mentor: every pair of theirs that was ever active, the latest first."""

    counts: Counts
    pairs: Sequence[Mentored]

    @property
    def total(self) -> Tally:
        """What was done in all pairs together."""
        return Tally.sum(each.tally for each in self.pairs)

    @property
    def levels(self) -> dict[str | None, int]:
        """How many different mentees were of which level when a pair began; somebody with two pairs may be of two."""
        mentees: dict[str | None, set[UUID]] = {}
        for each in self.pairs:
            mentees.setdefault(each.level, set()).add(each.pair.mentee_id)
        return {level: len(mentees[level]) for level in sorted(mentees, key=lambda level: (level is None, level or ""))}


def refuse_strangers_to_acknowledge(pair: Pair, person_id: UUID) -> None:
    """Raise PairNotFound for whoever is not one of the two, administrators too."""
    if person_id not in {pair.mentor_id, pair.mentee_id}:
        raise PairNotFound


def refuse_to_acknowledge(pair: Pair, person_id: UUID, now: datetime, *, writes: bool) -> None:
    """Raise PairNotFound, NotYourStep for the mentor, NotPossibleNow before the mentor's yes.

    A note may be written until the words of the pair are deleted; a name may be given and taken back after that too.
    """
    refuse_strangers_to_acknowledge(pair, person_id)
    if person_id != pair.mentee_id:
        raise NotYourStep
    if pair.accepted_at is None or (writes and pair.closed_at is not None and now >= words_end(pair.closed_at)):
        raise NotPossibleNow
