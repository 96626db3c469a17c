"""Whether a pair goes on after notice: the table of steps walked whole, and every order of two people's words."""

from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final, get_args
from uuid import UUID, uuid4

import pytest

from services.pairing.domain.leaving import (
    LEAVING_STEPS,
    DecidedAlready,
    Leaving,
    LeavingAct,
    NoticeOver,
    Stand,
    Word,
)

NOW: Final = datetime(2027, 1, 4, 9, tzinfo=UTC)
NOTICE_ENDS: Final = NOW + timedelta(days=30)
TERM_ENDS: Final = NOW + timedelta(days=200)
MENTOR, MENTEE = uuid4(), uuid4()
STANDS: Final[tuple[Stand, ...]] = get_args(Stand)
ACTS: Final[tuple[LeavingAct, ...]] = get_args(LeavingAct)


def a_question(stand: Stand = "asked", *, until: datetime | None = TERM_ENDS) -> Leaving:
    """The question as it came to stand so by its own steps."""
    leaving = Leaving(uuid4(), uuid4(), uuid4(), uuid4(), NOTICE_ENDS, until)
    if stand in {"half_agreed", "goes_on"}:
        leaving.say(MENTOR, "go_on", NOW)
    if stand == "goes_on":
        leaving.say(MENTEE, "go_on", NOW)
    if stand == "re_match":
        leaving.say(MENTEE, "re_match", NOW)
    if stand == "ended":
        leaving.run_out(NOTICE_ENDS)
    assert leaving.stand == stand
    return leaving


def take(leaving: Leaving, act: LeavingAct) -> bool:
    """Whether the act changed anything; refused is not."""
    try:
        match act:
            case "go_on" | "re_match":
                return leaving.say(MENTEE, act, NOW)
            case "run_out":
                return leaving.run_out(NOTICE_ENDS)
            case "reach_term":
                return leaving.reach_term(TERM_ENDS)
    except DecidedAlready:
        return False


@pytest.mark.parametrize(("stand", "act"), list(product(STANDS, ACTS)))
def test_every_act_in_every_state_does_what_the_table_says_and_nothing_else(stand: Stand, act: LeavingAct) -> None:
    leaving = a_question(stand)
    before = copy(leaving)
    to = LEAVING_STEPS.get((stand, act))
    assert take(leaving, act) == (to is not None)
    assert leaving.stand == (to or stand)
    if to is None:
        assert leaving == before


def test_the_table_has_no_other_states_and_acts() -> None:
    assert {stand for stand, _ in LEAVING_STEPS} | set(LEAVING_STEPS.values()) == set(STANDS)
    assert {act for _, act in LEAVING_STEPS} == set(ACTS)


@pytest.mark.parametrize(
    "said",
    [said for length in range(4) for said in product(product((MENTOR, MENTEE), get_args(Word)), repeat=length)],
)
def test_a_pair_goes_on_only_with_two_yeses_and_ends_with_the_notice_otherwise(
    said: tuple[tuple[UUID, Word], ...],
) -> None:
    leaving = a_question()
    yeses: set[UUID] = set()
    refused = False
    for person_id, word in said:
        if len(yeses) == 2 or refused:
            with pytest.raises(DecidedAlready):
                leaving.say(person_id, word, NOW)
            continue
        leaving.say(person_id, word, NOW)
        if word == "go_on":
            yeses.add(person_id)
        else:
            refused = True
    both = yeses == {MENTOR, MENTEE} and not refused
    assert (leaving.stand == "goes_on") == both
    assert leaving.run_out(NOTICE_ENDS) != both


def test_the_same_yes_twice_is_one() -> None:
    leaving = a_question("half_agreed")
    assert not leaving.say(MENTOR, "go_on", NOW)
    assert leaving.stand == "half_agreed"


@pytest.mark.parametrize("word", get_args(Word))
def test_no_word_is_taken_at_the_end_of_the_notice_or_later(word: Word) -> None:
    leaving = a_question()
    for at in (NOTICE_ENDS, NOTICE_ENDS + timedelta(days=1)):
        with pytest.raises(NoticeOver):
            leaving.say(MENTOR, word, at)
    leaving.say(MENTOR, word, NOTICE_ENDS - timedelta(microseconds=1))


def test_neither_end_comes_before_its_instant() -> None:
    moment = timedelta(microseconds=1)
    assert not a_question("asked").run_out(NOTICE_ENDS - moment)
    assert not a_question("goes_on").reach_term(TERM_ENDS - moment)
    assert not a_question("goes_on", until=None).reach_term(TERM_ENDS)
