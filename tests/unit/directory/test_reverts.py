"""Taking an import back: what nobody touched since is as it was before, and what somebody touched stays."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.directory.domain.people import Person
from services.directory.domain.reverts import Change, Finding, Snapshot, find, take_back
from shared.contracts.directory import PersonEvent
from tests.unit.directory.rosters import NOW, Hospital, a_roster

HOUR = timedelta(hours=1)
Rows = list[dict[str, str]]
BOSS = {"external_id": "boss", "role": "administrator", "places": "", "shared_places": ""}

rows: st.SearchStrategy[Rows] = st.lists(
    st.fixed_dictionaries(
        {"external_id": st.sampled_from(["A", "B", "C"])},
        optional={
            "name": st.sampled_from(["Ada Nowak", "Bo Boss", "Łucja Żak"]),
            "email": st.sampled_from(["a@b.example", "b@b.example"]),
            "role": st.sampled_from(["mentor", "mentee", "administrator"]),
            "level": st.sampled_from(["", "PGY-1", "fellow"]),
            "status": st.sampled_from(["active", "on_leave", "left"]),
            "status_from": st.sampled_from(["", "2026-09-01", "2026-09-08", "2026-12-01"]),
            "time_zone": st.sampled_from(["", "Europe/Lisbon"]),
            "places": st.sampled_from(["", "2", "5"]),
            "shared_places": st.sampled_from(["", "1"]),
        },
    ),
    max_size=3,
    unique_by=lambda row: row["external_id"],
)


@dataclass
class Books:
    """A hospital whose imports can be taken back."""

    hospital: Hospital = field(default_factory=Hospital)

    def __post_init__(self) -> None:
        self.apply(NOW - HOUR, BOSS)
        self.by = self.hospital.person("boss").person_id
        self.hospital.importer_id = self.by

    def apply(self, now: datetime, *said: dict[str, str]) -> list[Change]:
        """Import the good rows; give what it made of people."""
        self.follow_plans(now)
        before = {key: Snapshot.of(person) for key, person in self.hospital.people.items()}
        changed = {str(event.person_id) for event in self.hospital.apply(a_roster(*said), now)}
        after = self.snapshots()
        return [
            Change(person.person_id, 2, key not in before, before.get(key), after[key])
            for key, person in self.hospital.people.items()
            if str(person.person_id) in changed or before.get(key) != after[key]
        ]

    def find(self, changes: list[Change], now: datetime, by: UUID | None = None) -> list[Finding]:
        """What reverting would do."""
        return find(changes, {one.person_id: one for one in self.hospital.people.values()}, by or self.by, now)

    def revert(self, changes: list[Change], now: datetime) -> list[PersonEvent]:
        """Revert; give what is said."""
        self.follow_plans(now)
        said: list[PersonEvent] = []
        people = {one.person_id: one for one in self.hospital.people.values()}
        for found in self.find(changes, now):
            if found.goal is not None:
                person = people[found.person_id]
                said += take_back(person, found.goal, now)
                goal = found.goal
                person.details = replace(person.known(), name=goal.name, email=goal.email, time_zone=goal.time_zone)
        return said

    def snapshots(self) -> dict[str, Snapshot]:
        """How everybody is."""
        return {key: Snapshot.of(person) for key, person in self.hospital.people.items()}

    def follow_plans(self, now: datetime) -> None:
        """What the clock brings."""
        for person in self.hospital.people.values():
            person.follow_plan(now)

    def person(self, external_id: str = "A") -> Person:
        """Somebody."""
        return self.hospital.person(external_id)


@settings(deadline=None)  # the first row reads all time zones
@given(rows, rows, st.sampled_from([timedelta(0), HOUR, timedelta(days=1), timedelta(days=6)]))
def test_what_nobody_touched_since_is_as_it_was_before(first: Rows, second: Rows, later: timedelta) -> None:
    books = Books()
    books.apply(NOW, *first)
    before = books.snapshots()
    changes = books.apply(NOW + HOUR, *second)
    reverted_at = NOW + HOUR + later
    new = {change.person_id for change in changes if change.is_new}
    assert not [found for found in books.find(changes, reverted_at) if found.leaves_something]
    versions = {key: person.version for key, person in books.hospital.people.items()}
    said = books.revert(changes, reverted_at)
    for key, person in books.hospital.people.items():
        if person.person_id in new:
            assert person.status == "left"
        else:
            assert Snapshot.of(person) == replace(before[key], standing=before[key].standing.as_of(reverted_at))
        mine = [event.version for event in said if event.person_id == person.person_id]
        assert mine == list(range(person.version - len(mine) + 1, person.version + 1))
        assert person.version - len(mine) >= versions[key]
    assert books.find(changes, reverted_at) == []


@settings(deadline=None)  # the first row reads all time zones
@given(rows, rows, rows)
def test_what_a_later_import_said_is_left_and_named(first: Rows, second: Rows, third: Rows) -> None:
    books = Books()
    books.apply(NOW, *first)
    changes = books.apply(NOW + HOUR, *second)
    between = books.snapshots()
    later = {change.person_id: change for change in books.apply(NOW + 2 * HOUR, *third)}
    at_last = books.snapshots()
    found = {one.person_id: one for one in books.find(changes, NOW + 3 * HOUR)}
    books.revert(changes, NOW + 3 * HOUR)
    for key, person in books.hospital.people.items():
        change = later.get(person.person_id)
        now = Snapshot.of(person)
        if change is None:
            assert not (person.person_id in found and found[person.person_id].leaves_something)
            continue
        for column in ("name", "email", "time_zone"):
            if getattr(between.get(key), column, None) != getattr(at_last[key], column):
                assert getattr(now, column) == getattr(at_last[key], column)
        if change.before and change.before.standing != at_last[key].standing:
            assert now.standing == at_last[key].standing
        for role, held in at_last[key].roles.items():
            if (key not in between or between[key].roles.get(role) != held) and role in now.roles:
                assert now.roles[role].facts.shared_places <= now.roles[role].facts.places


@settings(deadline=None)  # the first row reads all time zones
@given(rows, rows, rows)
def test_of_two_imports_the_later_and_then_the_earlier_go_back_whole(first: Rows, second: Rows, third: Rows) -> None:
    books = Books()
    books.apply(NOW, *first)
    before = books.snapshots()
    changes = books.apply(NOW + HOUR, *second)
    more = books.apply(NOW + 2 * HOUR, *third)
    books.revert(more, NOW + 3 * HOUR)
    books.revert(changes, NOW + 3 * HOUR)
    for key, was in before.items():
        now = Snapshot.of(books.person(key))
        assert (now.name, now.email, now.roles) == (was.name, was.email, was.roles)


def test_a_column_that_changed_since_is_left_and_the_others_go_back() -> None:
    books = Books()
    books.apply(NOW, {"external_id": "A"})
    changes = books.apply(NOW + HOUR, {"external_id": "A", "name": "Ada Kowal", "places": "5", "level": "fellow"})
    books.apply(NOW + 2 * HOUR, {"external_id": "A", "name": "Ada Wilk", "places": "5", "level": "fellow"})
    [found] = books.find(changes, NOW + 3 * HOUR)
    assert (found.external_id, found.taken_back, found.changed_since) == ("A", ("level", "places"), ("name",))
    books.revert(changes, NOW + 3 * HOUR)
    facts = books.person().roles["mentor"].facts
    assert (books.person().known().name, facts.places, facts.level) == ("Ada Wilk", 3, "faculty")


def test_what_an_import_did_not_change_is_none_of_its_matter() -> None:
    books = Books()
    books.apply(NOW, {"external_id": "A"})
    changes = books.apply(NOW + HOUR, {"external_id": "A", "name": "Ada Kowal"})
    books.apply(NOW + 2 * HOUR, {"external_id": "A", "name": "Ada Kowal", "email": "kowal@north.example"})
    [found] = books.find(changes, NOW + 3 * HOUR)
    assert (found.taken_back, found.changed_since) == (("name",), ())
    books.revert(changes, NOW + 3 * HOUR)
    assert books.person().known().email == "kowal@north.example"


def test_places_go_back_with_those_that_are_shared_or_not_at_all() -> None:
    books = Books()
    books.apply(NOW, {"external_id": "A", "places": "3", "shared_places": "1"})
    changes = books.apply(NOW + HOUR, {"external_id": "A", "places": "5", "shared_places": "1"})
    books.apply(NOW + 2 * HOUR, {"external_id": "A", "places": "5", "shared_places": "4"})
    [found] = books.find(changes, NOW + 3 * HOUR)
    assert (found.taken_back, found.changed_since, found.goal) == ((), ("places",), None)


def test_a_role_that_came_with_an_import_goes_with_it_and_the_one_before_is_back() -> None:
    books = Books()
    mentee = {"external_id": "A", "role": "mentee", "places": "", "shared_places": "", "level": "PGY-2"}
    books.apply(NOW, mentee)
    changes = books.apply(NOW + HOUR, {"external_id": "A"})
    assert set(books.person().roles) == {"mentor"}
    said = books.revert(changes, NOW + 2 * HOUR)
    assert [event.type.split(".")[2] for event in said] == ["role_removed", "role_assigned"]
    assert {role: held.facts.level for role, held in books.person().roles.items()} == {"mentee": "pgy_2"}


def test_whoever_an_import_brought_and_somebody_changed_since_stays() -> None:
    books = Books()
    changes = books.apply(NOW, {"external_id": "A"}, {"external_id": "B"})
    books.apply(NOW + HOUR, {"external_id": "A", "email": "other@north.example"})
    found = {one.external_id: one for one in books.find(changes, NOW + 2 * HOUR)}
    assert (found["A"].taken_back, found["A"].changed_since) == ((), ("email",))
    assert (found["B"].taken_back, found["B"].changed_since) == (("status",), ())
    books.revert(changes, NOW + 2 * HOUR)
    assert [books.person(key).status for key in ("A", "B")] == ["active", "left"]


def test_leave_that_an_import_planned_and_that_began_is_no_change_by_anybody() -> None:
    books = Books()
    books.apply(NOW, {"external_id": "A"})
    changes = books.apply(NOW + HOUR, {"external_id": "A", "status": "on_leave", "status_from": "2026-09-08"})
    books.follow_plans(NOW + timedelta(days=2))
    assert books.person().status == "on_leave"
    [found] = books.find(changes, NOW + timedelta(days=2))
    assert found.taken_back == ("status",)
    [said] = books.revert(changes, NOW + timedelta(days=2))
    assert said.type == "osler.directory.person_returned.v1"
    assert (books.person().status, books.person().status_since) == ("active", NOW)


def test_a_plan_that_an_import_dropped_is_followed_when_its_day_has_come() -> None:
    books = Books()
    books.apply(NOW, {"external_id": "A", "status": "on_leave", "status_from": "2026-09-08"})
    changes = books.apply(NOW + HOUR, {"external_id": "A"})
    books.revert(changes, NOW + 2 * HOUR)
    assert (books.person().status, books.person().next_status) == ("active", "on_leave")
    again = books.apply(NOW + 3 * HOUR, {"external_id": "A"})
    books.revert(again, NOW + timedelta(days=2))
    assert (books.person().status, books.person().next_status) == ("on_leave", None)


def test_whoever_was_erased_since_is_left_and_named_as_such() -> None:
    books = Books()
    [change] = books.apply(NOW, {"external_id": "A"})
    books.person().erase("asked", NOW)
    for kept in (change, replace(change, before=None, after=None)):
        [found] = books.find([kept], NOW + HOUR)
        assert (found.reason, found.external_id, found.goal) == ("erased", None, None)


@pytest.mark.parametrize("goes", ["role", "status"])
def test_nobody_takes_their_own_administrators_role_back(goes: str) -> None:
    books = Books()
    if goes == "role":
        books.apply(NOW, {"external_id": "A"})
    changes = books.apply(NOW + HOUR, {**BOSS, "external_id": "A"})
    own = books.person().person_id
    [found] = books.find(changes, NOW + 2 * HOUR, by=own)
    assert (found.reason, found.taken_back, found.goal) == ("own_administrator", (), None)
    assert [one.reason for one in books.find(changes, NOW + 2 * HOUR)] == [None]


def test_the_last_administrator_who_stays_is_not_taken_back() -> None:
    books = Books()
    changes = books.apply(NOW, {**BOSS, "external_id": "A"}, {**BOSS, "external_id": "B"})
    books.person("boss").plan("left", NOW + timedelta(days=9))
    found = books.find(changes, NOW + HOUR)
    assert [one.reason for one in found] == [None, "last_administrator"]
