"""What people say of themselves so that mentoring fits; refuses unknown goals and times that overlap."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from services.directory.domain.people import Person
from shared.contracts.directory import CareerStage, ProfileChanged, WeeklySpan
from shared.platform.errors import Malformed


class UnknownGoal(Malformed):
    """One of these goals is not in the list of goals. Nothing was changed; choose from the list."""


class OverlappingAvailability(Malformed):
    """Two of these times of the week overlap, or one ends before it begins. Nothing was changed; correct them."""


@cache
def goals() -> Mapping[str, str]:
    """The goals that people may choose: code and meaning."""
    return tomllib.loads(Path(__file__).with_name("goals.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Facts:
    """What travels on in events: stage, languages (BCP 47), goals by code, and when in a week somebody has time.

    `availability` is in the time zone that stands beside it.
    """

    stage: CareerStage | None = None
    languages: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    time_zone: str | None = None
    availability: tuple[WeeklySpan, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A person's own words about themselves; `goals_text` is theirs alone, and in no event."""

    person_id: UUID
    institution_id: UUID
    facts: Facts = Facts()
    goals_text: str | None = None
    revision: int = 0

    def change(
        self, person: Person, facts: Facts, text: str | None, now: datetime
    ) -> tuple["Profile", list[ProfileChanged]]:
        """The profile with other facts or another text, and what is to be said: nothing of the text.

        Raises PersonAlreadyErased, UnknownGoal, OverlappingAvailability.
        """
        own_zone = person.known().time_zone
        wanted = replace(facts, time_zone=facts.time_zone or own_zone, availability=_in_order(facts.availability))
        if not goals().keys() >= set(wanted.goals):
            raise UnknownGoal
        if (wanted, text) == (self.facts, self.goals_text):
            return self, []
        said = [] if wanted == self.facts else [ProfileChanged(**person.next(now), **vars(wanted))]
        return replace(self, facts=wanted, goals_text=text, revision=self.revision + 1), said


def _in_order(spans: Sequence[WeeklySpan]) -> tuple[WeeklySpan, ...]:
    ordered = sorted(spans, key=lambda span: (span.weekday, span.from_minute))
    meets = any(one.weekday == next_.weekday and one.to_minute > next_.from_minute for one, next_ in pairwise(ordered))
    if meets or any(span.from_minute >= span.to_minute for span in ordered):
        raise OverlappingAvailability
    return tuple(ordered)
