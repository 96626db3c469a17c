"""A circle of peers, or of one mentor with several mentees, and its steps; refuses to make anybody a member unasked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID, uuid4

from services.pairing.domain.circle_refusals import (
    CannotLead,
    CircleEnded,
    CircleFull,
    CircleNotFound,
    CircleStepNotPossible,
)
from services.pairing.domain.places import Person
from services.pairing.domain.refusals import NotYourStep, SamePerson
from shared.contracts import pairing as says  # its CircleEnded is the fact; the one above is the refusal

CircleKind = Literal["peers", "mentor"]
MemberState = Literal["invited", "joined", "left"]
MemberAct = Literal["invite", "join", "leave"]
CircleWho = Literal["leader", "member", "administrator", "directory"]
"""Who takes a step: whoever leads it, the person whom the step is about, an administrator, what the directory said."""

MOST_MEMBERS: Final = 20
ENDED_BY_LEADER: Final = "asked"
"""The reason of an end by whoever leads it, who owes none."""


@dataclass(frozen=True)
class MemberStep:
    """One row of the table: where an act leads, and whose it is."""

    to: MemberState
    by: frozenset[CircleWho]


_OWN: Final = frozenset[CircleWho]({"member", "directory"})

# Everything somebody can do in a circle that goes on; joining is nobody's but their own.
MEMBER_STEPS: Final[Mapping[tuple[MemberState, MemberAct], MemberStep]] = {
    ("invited", "join"): MemberStep("joined", frozenset[CircleWho]({"member"})),
    ("invited", "leave"): MemberStep("left", _OWN),
    ("joined", "leave"): MemberStep("left", _OWN),
    ("left", "invite"): MemberStep("invited", frozenset[CircleWho]({"leader"})),
}

E = TypeVar("E", bound=says.CircleEvent)


@dataclass
class CircleMember:
    """Somebody whom a circle invited, and whether they are of it."""

    person_id: UUID
    institution_id: UUID
    invited_at: datetime
    state: MemberState = "invited"
    joined_at: datetime | None = None
    left_at: datetime | None = None


@dataclass
class Circle:
    """A group that somebody leads; `institution_id` is the leader's. Each method that moves it gives what it says.

    An invitation, and that somebody does not follow it, are said to nobody.
    """

    circle_id: UUID
    institution_id: UUID
    led_by: UUID
    kind: CircleKind
    topic: str | None
    formed_at: datetime
    members: list[CircleMember] = field(default_factory=list[CircleMember])
    ended_at: datetime | None = None
    reason: str | None = None
    version: int = 0

    def member(self, person_id: UUID) -> CircleMember:
        """Somebody who was invited at some time. Raises CircleNotFound."""
        found = next((each for each in self.members if each.person_id == person_id), None)
        if found is None:
            raise CircleNotFound
        return found

    def form(self) -> says.CircleFormed:
        """It is there, with whoever leads it."""
        return self._say(says.CircleFormed, self.formed_at, [], kind=self.kind)

    def invite(self, people: Sequence[tuple[UUID, UUID]], by: CircleWho, now: datetime) -> list[CircleMember]:
        """Ask people, ids with their institutions, and give those who were neither invited nor in it.

        Raises CircleEnded, NotYourStep, SamePerson, CircleFull.
        """
        self._refuse_ended()
        if by != "leader":
            raise NotYourStep
        if any(person_id == self.led_by for person_id, _ in people):
            raise SamePerson
        known = {member.person_id: member for member in self.members}
        new = [each for each in dict(people).items() if each[0] not in known or known[each[0]].state == "left"]
        if sum(member.state != "left" for member in self.members) + len(new) > MOST_MEMBERS:
            raise CircleFull
        invited = [known.get(person_id) or CircleMember(person_id, home_id, now) for person_id, home_id in new]
        for member in invited:
            if member.person_id in known:
                self._step(member, "invite", by)
            else:
                self.members.append(member)
            member.invited_at, member.left_at = now, None
        return invited

    def join(self, member: CircleMember, by: CircleWho, now: datetime) -> says.CircleJoined:
        """Somebody says yes to being of it. Raises CircleEnded, CircleStepNotPossible, NotYourStep."""
        self._step(member, "join", by)
        member.joined_at = now
        return self._say_of(says.CircleJoined, member, now)

    def leave(self, member: CircleMember, by: CircleWho, now: datetime) -> says.CircleLeft | None:
        """Somebody is of it no longer; who never was follows no invitation, and that is said to nobody.

        Raises CircleEnded, CircleStepNotPossible, NotYourStep.
        """
        was_joined = member.state == "joined"
        self._step(member, "leave", by)
        member.left_at = now
        return self._say_of(says.CircleLeft, member, now) if was_joined else None

    def end(self, by: CircleWho, reason: str, now: datetime) -> says.CircleEnded:
        """It is over. Raises CircleEnded, NotYourStep."""
        self._refuse_ended()
        if by not in {"leader", "directory"}:
            raise NotYourStep
        self.ended_at, self.reason = now, reason
        return self._say(says.CircleEnded, now, [each.institution_id for each in self.joined], reason=reason)

    @property
    def joined(self) -> list[CircleMember]:
        """Who is of it now, beside whoever leads it."""
        return [member for member in self.members if member.state == "joined"]

    def _step(self, member: CircleMember, act: MemberAct, by: CircleWho) -> None:
        self._refuse_ended()
        step = MEMBER_STEPS.get((member.state, act))
        if step is None:
            raise CircleStepNotPossible
        if by not in step.by:
            raise NotYourStep
        member.state = step.to

    def _refuse_ended(self) -> None:
        if self.ended_at is not None:
            raise CircleEnded

    def _say_of(self, event: type[E], member: CircleMember, now: datetime) -> E:
        facts = {"person_id": member.person_id, "person_institution_id": member.institution_id}
        return self._say(event, now, [member.institution_id], **facts)

    def _say(self, event: type[E], now: datetime, concerned: Collection[UUID], **facts: Any) -> E:
        self.version += 1
        return event(
            version=self.version,
            occurred_at=now,
            institution_ids=tuple(dict.fromkeys([self.institution_id, *concerned])),
            circle_id=self.circle_id,
            led_by=self.led_by,
            leader_institution_id=self.institution_id,
            **facts,
        )


@dataclass(frozen=True)
class Counts:
    """How many people somebody came to know through pairs and introductions, and what they led."""

    network: int
    people_mentored: int
    circles_led: int

    @property
    def leadership(self) -> int:
        """Different people mentored plus circles led."""
        return self.people_mentored + self.circles_led


def new_circle(leader: Person, kind: CircleKind, topic: str, now: datetime) -> Circle:
    """A circle that has invited nobody yet."""
    return Circle(uuid4(), leader.institution_id, leader.person_id, kind, topic, now)


def refuse_leader(leader: Person | None, kind: CircleKind) -> Person:
    """Whoever may lead a circle of this kind: a mentor, and a mentee among peers. Raises CannotLead."""
    if leader is None or not (leader.is_mentor or (kind == "peers" and leader.is_mentee)):
        raise CannotLead
    return leader
