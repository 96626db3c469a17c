"""What an identity provider may say of people and groups, without a database."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from scim2_models import InvalidFilterException, ScimFilter

from services.directory.api.scim.queries import NOBODY, read_group_search, read_user_search
from services.directory.domain.people import Details, HeldRole, LivingStatus, Person, RoleFacts
from services.directory.domain.provisioning import (
    MAX_MEMBERS,
    Account,
    Group,
    GroupNotProvisionable,
    ProvisioningToken,
    ProvisioningTokenRevoked,
    UserNotProvisionable,
    Wanted,
    as_told,
    follow_activity,
    follow_groups,
    hash_of,
)
from shared.contracts.event import Role

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
NO_ROLES: Mapping[Role, HeldRole] = {}


def a_person(status: LivingStatus = "active", roles: Mapping[Role, HeldRole] = NO_ROLES) -> Person:
    person = Person(uuid4(), uuid4(), "0" * 32, Details("e1", "Ada Okafor", "ada@x.example", "en", "Europe/Warsaw"))
    person.join(NOW)
    person.become(status, NOW, NOW)
    person.roles = dict(roles)
    return person


def words(events: list[Any]) -> list[str]:
    return [event.type.split(".")[2] for event in events]


@pytest.mark.parametrize(
    ("status", "deactivated", "active", "said", "after"),
    [
        ("active", False, True, [], "active"),
        ("active", False, False, ["person_went_on_leave"], "on_leave"),
        ("active", True, True, [], "active"),
        ("active", True, False, ["person_went_on_leave"], "on_leave"),
        ("on_leave", False, True, [], "on_leave"),
        ("on_leave", False, False, [], "on_leave"),
        ("on_leave", True, True, ["person_returned"], "active"),
        ("on_leave", True, False, [], "on_leave"),
        ("left", False, True, ["person_returned"], "active"),
        ("left", False, False, [], "left"),
        ("left", True, True, ["person_returned"], "active"),
        ("left", True, False, [], "left"),
    ],
)
def test_an_account_moves_a_person_in_every_state_as_it_is_written(
    status: LivingStatus, deactivated: bool, active: bool, said: list[str], after: str
) -> None:
    person = a_person(status)
    assert words(follow_activity(person, Account(is_deactivated=deactivated), NOW, active=active)) == said
    assert person.status == after


def test_what_is_shown_as_active_is_what_the_account_was_last_told() -> None:
    cases: list[tuple[LivingStatus, bool, bool]] = [
        ("active", False, True),
        ("active", True, True),  # a roster has brought them back since
        ("on_leave", False, True),
        ("on_leave", True, False),
        ("left", False, False),
    ]
    for status, deactivated, shown in cases:
        assert Account(is_deactivated=deactivated).is_active(a_person(status)) is shown


def test_a_plan_of_a_roster_outlives_a_closed_account() -> None:
    person = a_person()
    person.plan("left", LATER)
    follow_activity(person, Account(), NOW, active=False)
    assert (person.status, person.next_status, person.next_status_at) == ("on_leave", "left", LATER)
    follow_activity(person, Account(is_deactivated=True), NOW, active=True)
    assert (person.status, person.next_status) == ("active", "left")


def test_a_plan_that_has_come_true_is_not_kept() -> None:
    person = a_person()
    person.plan("on_leave", LATER)
    follow_activity(person, Account(), NOW, active=False)
    assert (person.status, person.next_status) == ("on_leave", None)


def test_groups_give_and_take_only_what_groups_give() -> None:
    facts = RoleFacts(places=2)
    given: dict[Role, HeldRole] = {
        "mentor": HeldRole(facts, from_roster=True),
        "administrator": HeldRole(RoleFacts(), from_roster=False),
    }
    person = a_person(roles=given)
    assert words(follow_groups(person, ["mentor", "mentee"], NOW)) == ["role_assigned"]
    assert person.roles["mentor"] == HeldRole(facts, from_roster=True)
    assert words(follow_groups(person, ["mentor", "mentee"], NOW)) == []
    assert words(follow_groups(person, [], NOW)) == ["role_removed"]
    assert set(person.roles) == {"mentor", "administrator"}


@pytest.mark.parametrize(
    ("name", "role"),
    [("mentors", "mentor"), (" MENTEES ", "mentee"), ("mentor", None), ("administrators", None), ("Ward 3", None)],
)
def test_two_names_of_groups_mean_a_role_and_no_other(name: str, role: str | None) -> None:
    assert Group(uuid4(), uuid4(), name).role == role


def test_a_group_that_cannot_be_kept_is_refused() -> None:
    for group in (
        Group(uuid4(), uuid4(), ""),
        Group(uuid4(), uuid4(), "x" * 201),
        Group(uuid4(), uuid4(), "a\nb"),
        Group(uuid4(), uuid4(), "Ward", external_id=""),
        Group(uuid4(), uuid4(), "Ward", members=frozenset(UUID(int=n) for n in range(MAX_MEMBERS + 1))),
    ):
        with pytest.raises(GroupNotProvisionable):
            group.check()


@pytest.mark.parametrize(
    "change",
    [
        {"external_id": "a b"},
        {"name": ""},
        {"email": "nowhere"},
        {"user_name": " "},
        {"user_name": "a\tb"},
        {"account": Account(email_type="w" * 201)},
    ],
)
def test_a_user_is_read_by_the_rules_of_a_roster(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "external_id": "e1",
        "user_name": "ada",
        "name": "Ada",
        "email": "a@x.example",
        "account": Account(),
        "active": True,
    }
    assert as_told(Account(), Wanted.read(**good)) == Account("ada", None, None)
    with pytest.raises(UserNotProvisionable):
        Wanted.read(**good | change)


def test_a_secret_is_told_once_and_a_revoked_token_has_none() -> None:
    token = ProvisioningToken(uuid4(), uuid4(), "IdP", uuid4(), NOW)
    first, second = token.issue(NOW), token.issue(LATER)
    assert first != second
    assert token.secret_hash == hash_of(second)
    assert second not in repr(token)
    token.revoke(LATER)
    token.revoke(LATER + timedelta(days=1))
    assert (token.secret_hash, token.revoked_at) == (None, LATER)
    with pytest.raises(ProvisioningTokenRevoked):
        token.issue(LATER)


def _node(text: str) -> Any:
    return ScimFilter[Any](text).ast


def test_filters_are_read_as_what_is_looked_for() -> None:
    person_id = uuid4()
    search = read_user_search(_node(f'USERNAME eq "Ada" and externalId eq "e1" and id eq "{person_id}"'))
    assert search is not None
    assert (search.user_name, search.external_id, search.person_id) == ("Ada", "e1", person_id)
    assert read_user_search(_node('userName eq "a" and userName eq "b"')) is None
    assert read_user_search(None) is not None
    group = read_group_search(_node(f'displayName eq "Mentors" and members eq "{person_id}"'))
    assert group is not None
    assert (group.display_name, group.member_id) == ("Mentors", person_id)
    nobody = read_group_search(_node('members.value eq "x"'))
    assert nobody is not None
    assert nobody.member_id == NOBODY


@pytest.mark.parametrize(
    "text", ['userName co "a"', 'userName eq "a" or id eq "b"', "userName pr", "userName eq true", 'title eq "x"']
)
def test_another_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilterException):
        read_user_search(_node(text))
