"""Circles: the table of steps walked whole, and nobody is of one without a yes of their own."""

from copy import deepcopy
from typing import Final, get_args
from uuid import uuid4

import pytest

from services.pairing.domain import (
    MEMBER_STEPS,
    MOST_MEMBERS,
    CannotLead,
    Circle,
    CircleEnded,
    CircleFull,
    CircleMember,
    CircleNotFound,
    CircleStepNotPossible,
    CircleWho,
    MemberAct,
    MemberState,
    NotYourStep,
    Person,
    SamePerson,
    new_circle,
    refuse_leader,
)
from shared.contracts import pairing as says
from tests.unit.pairing.proposals import LATER, NOW

STATES: Final[tuple[MemberState, ...]] = get_args(MemberState)
ACTS: Final[tuple[MemberAct, ...]] = get_args(MemberAct)
WHO: Final[tuple[CircleWho, ...]] = get_args(CircleWho)


def a_person(*, is_mentor: bool = True, is_mentee: bool = False) -> Person:
    """Somebody who is here."""
    return Person(uuid4(), uuid4(), "here", is_mentor, is_mentee, 0, 0)


def a_circle_with(state: MemberState) -> tuple[Circle, CircleMember]:
    """A circle, and somebody who came to this state by steps of their own."""
    circle = new_circle(a_person(), "mentor", "Board review", NOW)
    circle.form()
    [member] = circle.invite([(uuid4(), uuid4())], "leader", NOW)
    if state == "joined":
        circle.join(member, "member", NOW)
    if state == "left":
        circle.leave(member, "member", NOW)
    assert member.state == state
    return circle, member


def take(circle: Circle, member: CircleMember, act: MemberAct, by: CircleWho) -> says.CircleEvent | None:
    """One act of the table."""
    match act:
        case "invite":
            if not circle.invite([(member.person_id, member.institution_id)], by, LATER):
                raise CircleStepNotPossible  # whoever is in it or invited stays so
            return None
        case "join":
            return circle.join(member, by, LATER)
        case "leave":
            return circle.leave(member, by, LATER)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", WHO)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: MemberState, act: MemberAct, who: CircleWho
) -> None:
    circle, member = a_circle_with(state)
    before = deepcopy(circle)
    step = MEMBER_STEPS.get((state, act))
    if step is not None and who in step.by:
        said = take(circle, member, act, who)
        assert member.state == step.to
        expected = {"joined": says.CircleJoined, "invited": type(None)}
        assert type(said) is expected.get(step.to, says.CircleLeft if state == "joined" else type(None))
        assert circle.version == before.version + (said is not None)
    else:
        with pytest.raises((NotYourStep, CircleStepNotPossible)):
            take(circle, member, act, who)
        assert circle == before


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", WHO)
def test_in_a_circle_that_is_over_nobody_does_anything(state: MemberState, act: MemberAct, who: CircleWho) -> None:
    circle, member = a_circle_with(state)
    circle.end("leader", "asked", NOW)
    with pytest.raises(CircleEnded):
        take(circle, member, act, who)
    with pytest.raises(CircleEnded):
        circle.end("leader", "asked", LATER)


@pytest.mark.parametrize("who", WHO)
def test_only_whoever_leads_it_ends_a_circle_or_is_gone(who: CircleWho) -> None:
    circle, _ = a_circle_with("joined")
    if who in {"leader", "directory"}:
        assert circle.end(who, "asked", LATER).reason == "asked"
    else:
        with pytest.raises(NotYourStep):
            circle.end(who, "asked", LATER)


def test_nobody_but_the_person_joins() -> None:
    assert MEMBER_STEPS["invited", "join"].by == {"member"}
    assert [act for (_, act), step in MEMBER_STEPS.items() if step.to == "joined"] == ["join"]


def test_an_invitation_and_that_somebody_does_not_follow_it_are_said_to_nobody() -> None:
    circle, member = a_circle_with("invited")
    assert circle.leave(member, "member", LATER) is None
    assert circle.version == 1


def test_a_circle_has_at_most_twenty_and_who_left_leaves_room() -> None:
    circle, member = a_circle_with("joined")
    circle.invite([(uuid4(), uuid4()) for _ in range(MOST_MEMBERS - 1)], "leader", NOW)
    before = deepcopy(circle)
    with pytest.raises(CircleFull):
        circle.invite([(uuid4(), uuid4())], "leader", NOW)
    assert circle == before
    circle.leave(member, "member", NOW)
    assert len(circle.invite([(uuid4(), uuid4())], "leader", NOW)) == 1


def test_whoever_leads_it_is_not_invited_and_a_stranger_is_not_of_it() -> None:
    circle, _ = a_circle_with("invited")
    with pytest.raises(SamePerson):
        circle.invite([(circle.led_by, circle.institution_id)], "leader", NOW)
    with pytest.raises(CircleNotFound):
        circle.member(uuid4())


def test_an_end_concerns_the_institutions_of_who_is_of_it_and_no_other() -> None:
    circle, member = a_circle_with("joined")
    circle.invite([(uuid4(), uuid4())], "leader", NOW)
    assert circle.end("leader", "asked", LATER).institution_ids == (circle.institution_id, member.institution_id)


def test_mentors_lead_mentees_and_peers_lead_peers() -> None:
    mentor, mentee, nobody = a_person(), a_person(is_mentor=False, is_mentee=True), a_person(is_mentor=False)
    assert refuse_leader(mentor, "mentor") == mentor
    assert refuse_leader(mentor, "peers") == mentor
    assert refuse_leader(mentee, "peers") == mentee
    for leader, kind in ((mentee, "mentor"), (nobody, "peers"), (None, "peers")):
        with pytest.raises(CannotLead):
            refuse_leader(leader, "mentor" if kind == "mentor" else "peers")
