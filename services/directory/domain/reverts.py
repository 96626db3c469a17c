"""What an import changed of each person, and how that goes back; what changed since is left as it is and named."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

from services.directory.domain.duties import evaluate_until
from services.directory.domain.people import HeldRole, LivingStatus, Person, RoleFacts
from shared.contracts.directory import PersonEvent
from shared.contracts.event import Role

Reason = Literal["erased", "own_programme", "own_administrator", "last_administrator"]

_NOBODY: Final[Mapping[UUID, frozenset[str]]] = {}
_ROLE_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "programme": ("programme",),
    "level": ("level",),
    "specialty": ("specialty",),
    "places": ("places", "shared_places"),  # one of the two alone could break what holds between them
}


@dataclass(frozen=True)
class Standing:
    """Whether somebody is here, since when, and what is expected of them."""

    status: LivingStatus
    since: datetime
    next_status: LivingStatus | None = None
    next_at: datetime | None = None

    def as_of(self, now: datetime) -> "Standing":
        """The same once its time has come: a plan that is followed is no change by anybody."""
        if self.next_status is None or self.next_at is None or self.next_at > now:
            return self
        return Standing(self.next_status, self.next_at)


@dataclass(frozen=True)
class Snapshot:
    """All that a roster says of a person, as it was at one instant; personal data, kept for 7 days at most."""

    name: str
    email: str
    time_zone: str
    standing: Standing
    roles: Mapping[Role, HeldRole]
    evaluates: Mapping[str, datetime] = field(default_factory=dict[str, datetime])

    @classmethod
    def of(cls, person: Person) -> "Snapshot":
        """How a person is now; raises PersonAlreadyErased."""
        known = person.known()
        since = cast("datetime", person.status_since)
        standing = Standing(cast("LivingStatus", person.status), since, person.next_status, person.next_status_at)
        return cls(known.name, known.email, known.time_zone, standing, dict(person.roles), dict(person.evaluates))


@dataclass(frozen=True)
class Change:
    """What an import made of one person: `before` is None for somebody it brought, `after` once they were erased."""

    person_id: UUID
    row: int
    is_new: bool
    before: Snapshot | None
    after: Snapshot | None


@dataclass(frozen=True)
class Finding:
    """What taking an import back does to one person: the columns that go back, and those that changed since.

    `reason` says why the person is left as they are whatever changed; `goal` is how they will be.
    """

    person_id: UUID
    row: int
    external_id: str | None
    is_new: bool
    taken_back: tuple[str, ...] = ()
    changed_since: tuple[str, ...] = ()
    reason: Reason | None = None
    goal: Snapshot | None = None

    @property
    def leaves_something(self) -> bool:
        """Whether anything of what the import did stays."""
        return self.reason is not None or bool(self.changed_since)


def find(
    changes: Iterable[Change],
    people: Mapping[UUID, Person],
    by: UUID,
    now: datetime,
    judged: Mapping[UUID, frozenset[str]] = _NOBODY,
) -> list[Finding]:
    """Say of each person whom an import changed what goes back, and what stays; who is as they were is left out.

    `by` is the administrator who asks, and must be one afterwards too; the people of `people` who are administrators
    count, so all of an institution's belong there. `judged` are the programmes in which people have a duty by now.
    """
    found = [_find(change, people[change.person_id], now) for change in changes]
    found = [_leave(each, "own_programme") if _is_judge_of_their_own(each, judged) else each for each in found]
    return _keep_administrators([one for one in found if one.taken_back or one.leaves_something], people, by)


def take_back(person: Person, goal: Snapshot, now: datetime) -> list[PersonEvent]:
    """Make a person what they were, except for their contact details; give what is to be said, in order."""
    said: list[PersonEvent] = [person.remove(role, now) for role in person.roles.keys() - goal.roles.keys()]
    for role, held in goal.roles.items():
        if person.roles.get(role) != held:
            said.append(person.assign(role, held, now))
    for programme in sorted(person.evaluates.keys() | goal.evaluates.keys()):
        said += evaluate_until(person, programme, goal.evaluates.get(programme, now), now)
    if Snapshot.of(person).standing != goal.standing:
        # It is so from now on: what others did in between, because they believed the import, was right then.
        said += person.become(goal.standing.status, now, now)
        person.status_since = goal.standing.since
        if goal.standing.next_status is not None and goal.standing.next_at is not None:
            person.plan(goal.standing.next_status, goal.standing.next_at)
    return said


def _find(change: Change, person: Person, now: datetime) -> Finding:
    if person.details is None or change.after is None:
        return Finding(change.person_id, change.row, None, change.is_new, reason="erased")
    found = Finding(change.person_id, change.row, person.details.external_id, change.is_new)
    current = Snapshot.of(person)
    if change.before is None:
        return _find_new(found, change.after, current, now)
    return _find_changed(found, change.before, change.after, current, now)


def _find_new(found: Finding, after: Snapshot, current: Snapshot, now: datetime) -> Finding:
    """Whom an import brought leaves; whoever was changed since is somebody whom others count on."""
    if current.standing.as_of(now).status == "left":
        return found
    roles = _touched(after, current)
    became, is_now = (_facts(each, now) | _role_facts(each, roles) for each in (after, current))
    changed = tuple(column for column in became if became[column] != is_now[column])
    if changed:
        return replace(found, changed_since=changed)
    return replace(found, taken_back=("status",), goal=replace(current, standing=Standing("left", now), evaluates={}))


def _find_changed(found: Finding, before: Snapshot, after: Snapshot, current: Snapshot, now: datetime) -> Finding:
    roles = _touched(before, after)
    same_roles = all(role in before.roles and role in after.roles for role in roles)
    facts = _role_facts if same_roles else _role
    was, became, is_now = (_facts(each, now) | facts(each, roles) for each in (before, after, current))
    changed = [column for column in was if was[column] != became[column] and was[column] != is_now[column]]
    back = tuple(column for column in changed if became[column] == is_now[column])
    since = tuple(column for column in changed if became[column] != is_now[column])
    goal = _merge(current, before, roles, back, now) if back else None
    return replace(found, taken_back=back, changed_since=since, goal=goal)


def _touched(one: Snapshot, other: Snapshot) -> tuple[Role, ...]:
    """The roles that differ, in a steady order."""
    return tuple(
        role for role in sorted(one.roles.keys() | other.roles.keys()) if one.roles.get(role) != other.roles.get(role)
    )


def _facts(one: Snapshot, now: datetime) -> dict[str, object]:
    return {
        "name": one.name,
        "email": one.email,
        "status": one.standing.as_of(now),
        "time_zone": one.time_zone,
        # What ended by itself is no change by anybody.
        "evaluator_until": {programme: end for programme, end in one.evaluates.items() if end > now},
    }


def _role(one: Snapshot, roles: Sequence[Role]) -> dict[str, object]:
    """Roles that came and went with an import, as one fact: half of it would make somebody what they never were."""
    return {"role": tuple(one.roles.get(role) for role in roles)}


def _role_facts(one: Snapshot, roles: Sequence[Role]) -> dict[str, object]:
    """What is known of somebody in the roles they held before and after, by column."""
    return {
        column: tuple(_values(one.roles.get(role), names) for role in roles) for column, names in _ROLE_FACTS.items()
    }


def _values(held: HeldRole | None, names: Sequence[str]) -> tuple[object, ...] | None:
    return None if held is None else tuple(getattr(held.facts, name) for name in names)


def _merge(current: Snapshot, before: Snapshot, roles: Sequence[Role], back: Sequence[str], now: datetime) -> Snapshot:
    """What somebody is now, with the columns in `back` as they were."""
    merged: dict[Role, HeldRole] = dict(current.roles)
    for role in roles:
        was, held = before.roles.get(role), merged.get(role)
        if "role" in back and was is None:
            merged.pop(role, None)
        elif "role" in back and was is not None:
            merged[role] = was
        elif was is not None and held is not None:
            names = [name for column in back for name in _ROLE_FACTS.get(column, ())]
            merged[role] = replace(held, facts=replace(held.facts, **_picked(was.facts, names)))
    return Snapshot(
        name=before.name if "name" in back else current.name,
        email=before.email if "email" in back else current.email,
        time_zone=before.time_zone if "time_zone" in back else current.time_zone,
        standing=before.standing.as_of(now) if "status" in back else current.standing,
        roles=merged,
        evaluates=before.evaluates if "evaluator_until" in back else current.evaluates,
    )


def _picked(facts: RoleFacts, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in names}


def _is_judge_of_their_own(each: Finding, judged: Mapping[UUID, frozenset[str]]) -> bool:
    """Whether somebody would be again a mentee of a programme in which they have a duty since."""
    mentee = each.goal.roles.get("mentee") if each.goal is not None else None
    if each.goal is None or mentee is None:
        return False
    return mentee.facts.programme in judged.get(each.person_id, frozenset[str]()) | each.goal.evaluates.keys()


def _keep_administrators(found: list[Finding], people: Mapping[UUID, Person], by: UUID) -> list[Finding]:
    """Leave whoever asks, and the last administrator who stays, as they are."""
    staying = {each.person_id for each in people.values() if "administrator" in each.roles and each.stays()}
    staying |= {each.person_id for each in found if each.goal is not None and _stays_administrator(each.goal)}
    return [_keep_administrator(each, staying, by) for each in found]


def _keep_administrator(each: Finding, staying: set[UUID], by: UUID) -> Finding:
    """One finding, and whom it takes from those who stay."""
    if each.goal is None:
        return each
    if each.person_id == by and not ("administrator" in each.goal.roles and each.goal.standing.status != "left"):
        return _leave(each, "own_administrator")
    if each.person_id in staying and not _stays_administrator(each.goal):
        if staying == {each.person_id}:
            return _leave(each, "last_administrator")
        staying.remove(each.person_id)
    return each


def _stays_administrator(goal: Snapshot) -> bool:
    return "administrator" in goal.roles and goal.standing.status != "left" and goal.standing.next_status != "left"


def _leave(finding: Finding, reason: Reason) -> Finding:
    return replace(finding, taken_back=(), changed_since=(), reason=reason, goal=None)
