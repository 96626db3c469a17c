"""What the two of a pair may agree on: terms that can be counted, and goals in words; refuses terms that do not fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from uuid import UUID

from services.pairing.domain.compact_refusals import TermsDoNotFit

Support = Literal["direct", "coach", "on_request"]
Interval = Literal["weekly", "two_weeks", "three_weeks", "monthly", "two_months", "quarterly"]


INTERVALS: Final[Mapping[Interval, int]] = {
    "weekly": 7,
    "two_weeks": 14,
    "three_weeks": 21,
    "monthly": 30,
    "two_months": 60,
    "quarterly": 90,
}
"""Days between meetings or touchpoints; a month counts as 30 of them."""
MOST_GOALS: Final = 10
LONGEST_TERM: Final = timedelta(days=3 * 365)
NEW_GOALS_SUPPORT: Final[Support] = "coach"
"""How a goal is supported until the mentee says otherwise."""
_ACADEMIC_YEAR_ENDS: Final = (6, 30)


@dataclass(frozen=True)
class Terms:
    """What of a compact can be counted: its days, first and last included, and how often and how long the two meet."""

    starts_on: date
    ends_on: date
    meeting_interval: Interval = "monthly"
    meeting_minutes: int = 30
    touchpoint_interval: Interval = "two_weeks"

    def refuse_misfit(self, now: datetime) -> None:
        """Raise TermsDoNotFit for a term that is over, or ends before it starts, or is too long."""
        today = now.astimezone(UTC).date()
        if not self.starts_on < self.ends_on or self.ends_on <= today or self.ends_on - self.starts_on > LONGEST_TERM:
            raise TermsDoNotFit

    @property
    def mid_term_on(self) -> date:
        """The middle day, of an even number of days the earlier one."""
        return self.starts_on + timedelta(days=(self.ends_on - self.starts_on).days // 2)

    @property
    def starts_at(self) -> datetime:
        """The begin of the first day, UTC."""
        return _begin_of(self.starts_on)

    @property
    def mid_term_at(self) -> datetime:
        """The begin of the middle day, UTC."""
        return _begin_of(self.mid_term_on)

    @property
    def ends_at(self) -> datetime:
        """The end of the last day, UTC."""
        return _begin_of(self.ends_on + timedelta(days=1))

    @property
    def silence(self) -> timedelta:
        """How long two may be without contact: one and a half meeting intervals, rounded up to whole days."""
        return timedelta(days=-(-3 * INTERVALS[self.meeting_interval] // 2))


def usual_terms(now: datetime) -> Terms:
    """What the two start from: 30 minutes monthly, a touchpoint every two weeks, to the end of the academic year."""
    today = now.astimezone(UTC).date()
    this_year = date(today.year, *_ACADEMIC_YEAR_ENDS)
    ends_on = this_year if today < this_year else date(today.year + 1, *_ACADEMIC_YEAR_ENDS)
    return Terms(starts_on=today, ends_on=ends_on)


@dataclass(frozen=True)
class Expectation:
    """What one of the two expects, stated alone: terms, goals in their own words, and whatever else."""

    terms: Terms
    goals: tuple[str, ...] = ()
    words: str | None = None


@dataclass(frozen=True)
class Goal:
    """What the mentee wants to reach, and how the mentor supports it; it keeps its id from version to version."""

    goal_id: UUID
    text: str
    support: Support = NEW_GOALS_SUPPORT


def differing(one: Terms, other: Terms) -> list[str]:
    """The names of the terms on which two people do not agree yet."""
    return [name for name in Terms.__dataclass_fields__ if getattr(one, name) != getattr(other, name)]


def words_end(closed_at: datetime) -> datetime:
    """Until when the words of a pair are kept: twelve months after its end, from 29 February to 28 February."""
    last_day = 28 if (closed_at.month, closed_at.day) == (2, 29) else closed_at.day
    return closed_at.replace(year=closed_at.year + 1, day=last_day)


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
