"""Introductions: the table of steps walked whole, and nobody can tell a no, or half a consent, from silence."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta
from itertools import product
from typing import Any, Final, get_args
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.pairing.domain import (
    ANSWER_INTRODUCTION_WITHIN,
    INTRODUCTION_STEPS,
    FieldNotListed,
    Introduction,
    IntroductionAct,
    IntroductionAnswered,
    IntroductionClosed,
    IntroductionNotFound,
    IntroductionState,
    NotYourStep,
    Party,
    SamePerson,
    Side,
    new_introduction,
    refuse_unlisted,
)
from shared.contracts import pairing as says
from shared.platform.errors import Refused
from tests.unit.pairing.proposals import LATER, NOW

STATES: Final[tuple[IntroductionState, ...]] = get_args(IntroductionState)
ACTS: Final[tuple[IntroductionAct, ...]] = get_args(IntroductionAct)
PARTIES: Final[tuple[Party, ...]] = get_args(Party)
SIDES: Final[tuple[Side, ...]] = get_args(Side)
END: Final = NOW + ANSWER_INTRODUCTION_WITHIN
ANSWERS: Final[tuple[IntroductionAct, ...]] = ("consent", "decline")
OPEN: Final[tuple[IntroductionState, ...]] = ("offered", "half_consented", "declined")
SAYS: Final[dict[IntroductionState, type[says.IntroductionEvent]]] = {
    "connected": says.IntroductionConsented,
    "withdrawn": says.IntroductionClosed,
    "lapsed": says.IntroductionClosed,
}


def an_introduction() -> Introduction:
    """Two people are asked."""
    made = new_introduction((uuid4(), uuid4()), (uuid4(), uuid4()), (uuid4(), uuid4()), "Research", NOW)
    made.offer()
    return made


def an_introduction_that_is(state: IntroductionState, first: Side) -> Introduction:
    """One that came to this state by its own steps; where somebody answered, `first` did so first."""
    made = an_introduction()
    second: Side = "colleague" if first == "mentee" else "mentee"
    ways: dict[IntroductionState, Sequence[tuple[IntroductionAct, Party]]] = {
        "offered": (),
        "half_consented": (("consent", first),),
        "declined": (("decline", first),),
        "connected": (("consent", first), ("consent", second)),
        "withdrawn": (("withdraw", "mentor"),),
        "lapsed": (("lapse", "clock"),),
    }
    for act, by in ways[state]:
        made.move(act, by, NOW)
    assert made.state == state
    return made


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", PARTIES)
@pytest.mark.parametrize("first", SIDES)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: IntroductionState, act: IntroductionAct, who: Party, first: Side
) -> None:
    made = an_introduction_that_is(state, first)
    before = deepcopy(made)
    step = INTRODUCTION_STEPS.get((state, act))
    said_already = who == first and (state == "declined" or (state == "half_consented" and act == "consent"))
    if step is not None and who in step.by and not said_already:
        said = made.move(act, who, LATER)
        assert made.state == step.to
        assert type(said) is SAYS.get(step.to, type(None))
        assert made.version == before.version + (said is not None)
        assert (made.closed_at is None) == (said is None)
    else:
        with pytest.raises((IntroductionClosed, NotYourStep, IntroductionAnswered)) as refused:
            made.move(act, who, LATER)
        assert made == before
        by_table = IntroductionClosed if step is None else NotYourStep if who not in step.by else IntroductionAnswered
        assert refused.type is by_table


def test_every_state_can_be_reached_and_nothing_leads_out_of_an_end() -> None:
    assert {step.to for step in INTRODUCTION_STEPS.values()} | {"offered"} == set(STATES)
    assert not [state for state, _ in INTRODUCTION_STEPS if state in SAYS]


def test_no_administrator_takes_any_step() -> None:
    assert not [step for step in INTRODUCTION_STEPS.values() if "administrator" in step.by]


def test_an_answer_at_the_end_of_fourteen_days_is_late_whether_or_not_the_clock_has_fired() -> None:
    assert timedelta(days=14) == ANSWER_INTRODUCTION_WITHIN
    for state, act in product(OPEN, ANSWERS):
        made = an_introduction_that_is(state, "mentee")
        with pytest.raises(IntroductionClosed):
            made.move(act, "colleague", END)
        made.move(act, "colleague", END - timedelta(microseconds=1))


def test_a_yes_can_become_a_no_and_a_no_stands() -> None:
    made = an_introduction_that_is("half_consented", "colleague")
    made.move("decline", "colleague", LATER)
    made.move("consent", "mentee", LATER)
    assert made.state == "declined"
    with pytest.raises(IntroductionAnswered):
        made.move("consent", "colleague", LATER)


def test_names_are_said_with_the_second_yes_and_never_before() -> None:
    made = an_introduction()
    two = {made.mentee.person_id, made.colleague.person_id, made.mentee.institution_id, made.colleague.institution_id}
    offered = new_introduction(
        (made.mentor_id, made.institution_id),
        (made.mentee.person_id, made.mentee.institution_id),
        (made.colleague.person_id, made.colleague.institution_id),
        "Research",
        NOW,
    ).offer()
    closed = deepcopy(made).move("withdraw", "mentor", LATER)
    made.move("consent", "mentee", LATER)
    connected = made.move("consent", "colleague", LATER)
    assert closed is not None
    assert connected is not None
    for said in (offered, closed):
        assert not [each for each in two if str(each) in said.model_dump_json()]
        assert said.institution_ids == (made.institution_id,)
    assert all(str(each) in connected.model_dump_json() for each in two)
    assert set(connected.institution_ids) == {
        made.institution_id,
        made.mentee.institution_id,
        made.colleague.institution_id,
    }


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize(("act", "by"), [("lapse", "clock"), ("withdraw", "mentor"), ("withdraw", "directory")])
def test_what_was_answered_is_forgotten_when_it_did_not_come_about(
    state: IntroductionState, act: IntroductionAct, by: Party
) -> None:
    made = an_introduction_that_is(state, "mentee")
    made.move(act, by, END)
    assert (made.mentee.answer, made.colleague.answer, made.seen) == (None, None, "did_not_come_about")


# What each of the three can do, again and again and too late as well.
OWN: Final[dict[Party, tuple[IntroductionAct, ...]]] = {
    "mentor": ("withdraw", "consent", "decline"),
    "mentee": ("consent", "decline", "withdraw"),
    "colleague": ("consent", "decline", "withdraw"),
}
_hidden = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(SIDES), st.sampled_from(ANSWERS)), max_size=4)


@given(
    watcher=st.sampled_from(("mentor", "mentee", "colleague")),
    own=st.lists(st.integers(0, 2), max_size=4),
    ends=st.booleans(),
    hidden=_hidden,
)
def test_whoever_watches_sees_the_same_whatever_somebody_else_answered_without_a_second_yes(
    watcher: Party, own: list[int], hidden: list[tuple[int, Side, IntroductionAct]], *, ends: bool
) -> None:
    acts: list[IntroductionAct] = [OWN[watcher][number] for number in own]
    made = an_introduction()
    others = [each for each in hidden if each[1] != watcher]
    silent, answered = deepcopy(made), deepcopy(made)
    seen_of_silence = watch(silent, watcher, acts, [], ends=ends)
    seen_of_answers = watch(answered, watcher, acts, others, ends=ends)
    assume(answered.state != "connected")
    assert seen_of_silence == seen_of_answers


def watch(
    made: Introduction,
    watcher: Party,
    acts: Sequence[IntroductionAct],
    hidden: Sequence[tuple[int, Side, IntroductionAct]],
    *,
    ends: bool,
) -> list[Any]:
    """All that one of the three is told: of every own act, of every event, and how it stands after each."""
    told: list[Any] = []
    for number in range(len(acts) + 1):
        for at, side, answer in hidden:
            if at == number:
                told += [said for said in take(made, answer, side) if not isinstance(said, str)]
        if number < len(acts):
            told += [*take(made, acts[number], watcher), seen_by(made, watcher)]
    lapsed = take(made, "lapse", "clock") if ends else []
    return [*told, *(said for said in lapsed if not isinstance(said, str)), seen_by(made, watcher)]


def take(made: Introduction, act: IntroductionAct, by: Party) -> list[says.IntroductionEvent | str]:
    """What a step says to everybody, or the code that refuses it to who takes it."""
    try:
        said = made.move(act, by, END if act == "lapse" else LATER)
    except Refused as refused:
        return [refused.code()]
    return [] if said is None else [said]


def seen_by(made: Introduction, watcher: Party) -> tuple[object, ...]:
    """Everything of it that is shown to one of the three, or that anything shown follows from."""
    common = (made.seen, made.closed_at, made.version)
    if watcher == "mentor":
        return *common, made.revision
    asked = made.mentee if watcher == "mentee" else made.colleague
    return *common, asked.answer, asked.revision


def test_three_people_are_three_and_nobody_else_is_one_of_them() -> None:
    one, two = (uuid4(), uuid4()), (uuid4(), uuid4())
    for three in ((one, one, two), (one, two, one), (two, one, one)):
        with pytest.raises(SamePerson):
            new_introduction(*three, "Research", NOW)
    with pytest.raises(IntroductionNotFound):
        an_introduction().side_of(uuid4())


def test_a_field_is_one_of_those_that_the_mentor_lists() -> None:
    refuse_unlisted("Research", ["Teaching", "Research"])
    with pytest.raises(FieldNotListed):
        refuse_unlisted("research", ["Teaching", "Research"])
