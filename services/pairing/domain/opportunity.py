"""An opportunity with its deadline, and what a mentee makes of it; refuses whatever comes after the deadline."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.pairing.domain.opportunity_refusals import (
    AlreadyFollowed,
    DeadlineOutOfRange,
    OpportunityNotFound,
    OpportunityOver,
)
from services.pairing.domain.refusals import NotYourStep, SamePerson
from shared.contracts import pairing as says

OpportunityKind = Literal["conference", "project", "role"]
FollowState = Literal["none", "offered", "saved", "dropped"]
FollowAct = Literal["offer", "save", "drop"]

MOST_OFFERED_TO: Final = 200
FARTHEST_DEADLINE: Final = timedelta(days=730)

# What can become of an opportunity for one mentee. Nobody offers again what somebody dropped.
FOLLOW_STEPS: Final[Mapping[tuple[FollowState, FollowAct], FollowState]] = {
    ("none", "offer"): "offered",
    ("none", "save"): "saved",
    ("offered", "save"): "saved",
    ("offered", "drop"): "dropped",
    ("saved", "drop"): "dropped",
    ("dropped", "save"): "saved",
}

E = TypeVar("E", bound=says.OpportunityEvent)


@dataclass
class Follower:
    """A mentee to whom it was offered, or who saved it."""

    person_id: UUID
    institution_id: UUID
    state: FollowState = "none"


@dataclass
class Opportunity:
    """A conference, project or role; `institution_id` is that of whoever offers it, and `deadline_at` is excluded.

    `deadline_day` is set where no hour was given: then the deadline is the end of that day in the institution's zone.
    """

    opportunity_id: UUID
    institution_id: UUID
    offered_by: UUID
    kind: OpportunityKind
    title: str | None
    details: str | None
    deadline_at: datetime
    deadline_day: date | None
    offered_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 0
    followers: list[Follower] = field(default_factory=list[Follower])

    def follower(self, person_id: UUID, institution_id: UUID) -> Follower:
        """What a mentee made of it so far; somebody new is a follower of it from the step on that says so."""
        found = next((each for each in self.followers if each.person_id == person_id), None)
        return found or Follower(person_id, institution_id)

    def is_open(self, now: datetime) -> bool:
        """Whether it is neither withdrawn nor past its deadline."""
        return self.withdrawn_at is None and now < self.deadline_at

    def offer(self, mentee: Follower, now: datetime) -> says.OpportunityOffered:
        """It is offered to a mentee. Raises SamePerson, OpportunityOver, AlreadyFollowed."""
        self._follow(mentee, "offer", now)
        facts = {"kind": self.kind, "deadline_at": self.deadline_at}
        return self._say_of(says.OpportunityOffered, mentee, now, **facts)

    def save(self, mentee: Follower, now: datetime) -> says.OpportunitySaved:
        """A mentee saves it. Raises SamePerson, OpportunityOver, AlreadyFollowed."""
        self._follow(mentee, "save", now)
        facts = {"kind": self.kind, "deadline_at": self.deadline_at}
        return self._say_of(says.OpportunitySaved, mentee, now, **facts)

    def drop(self, mentee: Follower, now: datetime) -> says.OpportunityDropped:
        """A mentee wants to hear no more of it. Raises OpportunityOver, AlreadyFollowed."""
        self._follow(mentee, "drop", now)
        return self._say_of(says.OpportunityDropped, mentee, now)

    def withdraw(self, now: datetime) -> says.OpportunityWithdrawn:
        """It is taken back. Raises OpportunityOver."""
        if not self.is_open(now):
            raise OpportunityOver
        self.withdrawn_at = now
        followers = [each for each in self.followers if each.state in {"offered", "saved"}]
        concerned = [each.institution_id for each in followers]
        mentee_ids = tuple(each.person_id for each in followers)
        return self._say(says.OpportunityWithdrawn, now, concerned, mentee_ids=mentee_ids)

    def refuse_strangers(self, person_id: UUID, *, administers: bool, may_save: bool) -> None:
        """Raise OpportunityNotFound for who neither offers nor follows it, and may not save it."""
        follows = any(each.person_id == person_id for each in self.followers)
        if not (person_id == self.offered_by or administers or may_save or follows):
            raise OpportunityNotFound

    def refuse_to_withdraw(self, person_id: UUID, *, administers: bool) -> None:
        """Raise NotYourStep for who neither offers it nor administers the institution in whose name it is offered."""
        if person_id != self.offered_by and not administers:
            raise NotYourStep

    def _follow(self, mentee: Follower, act: FollowAct, now: datetime) -> None:
        if mentee.person_id == self.offered_by:
            raise SamePerson
        if not self.is_open(now):
            raise OpportunityOver
        to = FOLLOW_STEPS.get((mentee.state, act))
        if to is None:
            raise AlreadyFollowed
        mentee.state = to
        if mentee not in self.followers:
            self.followers.append(mentee)

    def _say_of(self, event: type[E], mentee: Follower, now: datetime, **facts: Any) -> E:
        named = {"mentee_id": mentee.person_id, "mentee_institution_id": mentee.institution_id}
        return self._say(event, now, [mentee.institution_id], **named, **facts)

    def _say(self, event: type[E], now: datetime, concerned: Collection[UUID], **facts: Any) -> E:
        self.version += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys([self.institution_id, *concerned])),
            opportunity_id=self.opportunity_id,
            offered_by=self.offered_by,
            offering_institution_id=self.institution_id,
            **facts,
        )


def new_opportunity(
    offered_by: tuple[UUID, UUID],
    kind: OpportunityKind,
    words: tuple[str, str | None],
    deadline: datetime | date,
    zone: str,
    now: datetime,
) -> Opportunity:
    """An opportunity that is offered to nobody yet; `words` are title and details. Raises DeadlineOutOfRange."""
    deadline_at, day = (deadline, None) if isinstance(deadline, datetime) else (end_of(deadline, zone), deadline)
    if not now < deadline_at <= now + FARTHEST_DEADLINE:
        raise DeadlineOutOfRange
    return Opportunity(uuid4(), offered_by[1], offered_by[0], kind, *words, deadline_at, day, now)


def end_of(day: date, zone: str) -> datetime:
    """The first instant after a calendar day in a zone, in UTC; in UTC too where the zone is not known."""
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # it raises OSError for the name of one of its folders
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    return datetime.combine(day + timedelta(days=1), time(), found).astimezone(UTC)


def once_each(people: Sequence[UUID]) -> list[UUID]:
    """Each id once, in the order in which it came."""
    return list(dict.fromkeys(people))
