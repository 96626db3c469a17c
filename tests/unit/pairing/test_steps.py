"""The table of steps, walked whole: every act in every state by everyone, and what each step says."""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Final, get_args

import pytest

from services.pairing.domain import (
    ACTIVATE_WITHIN,
    CLOCK,
    CLOSED,
    HOLDS_A_PLACE,
    NOT_ACTIVATED,
    REVIEW_WITHIN,
    STEPS,
    Act,
    ActivationLapsed,
    NotPossibleNow,
    NotYourStep,
    Pair,
    PairNotFound,
    ProposalLapsed,
    ReasonMissing,
    ReviewOutOfRange,
    Seat,
    SomeoneIsAway,
    State,
    Who,
)
from shared.contracts.pairing import (
    PairAccepted,
    PairActivated,
    PairDeclined,
    PairEnded,
    PairEvent,
    PairLapsed,
    PairPaused,
    PairRecalled,
    PairResumed,
)
from tests.unit.pairing.proposals import (
    ADMINISTRATOR,
    COMPACT,
    EVERYONE,
    FREE,
    LATER,
    MENTEE,
    MENTOR,
    NOW,
    a_pair,
    a_proposal,
)

STATES: Final[tuple[State, ...]] = get_args(State)
ACTS: Final[tuple[Act, ...]] = get_args(Act)
SAYS: Final[dict[Act, type[PairEvent]]] = {
    "accept": PairAccepted,
    "decline": PairDeclined,
    "recall": PairRecalled,
    "lapse": PairLapsed,
    "activate": PairActivated,
    "pause": PairPaused,
    "resume": PairResumed,
    "end": PairEnded,
}
# Accepting and lapsing have one actor each, whom the method names itself.
TAKE: Final[dict[Act, Callable[[Pair, frozenset[Who]], PairEvent]]] = {
    "accept": lambda pair, _: pair.accept(FREE, None, Seat(1, None), NOW),
    "decline": lambda pair, by: pair.decline(by, NOW),
    "recall": lambda pair, by: pair.recall(by, "mistake", NOW),
    "lapse": lambda pair, _: pair.lapse(NOW),
    "activate": lambda pair, by: pair.activate(by, NOW),
    "pause": lambda pair, by: pair.pause(by, "workload", LATER, NOW),
    "resume": lambda pair, by: pair.resume(by, NOW),
    "end": lambda pair, by: pair.end(by, "mistake", NOW),
}
NAMES_ITS_ACTOR: Final[dict[Act, Who]] = {"accept": "mentor", "lapse": "clock"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", EVERYONE)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: State, act: Act, who: Who
) -> None:
    if NAMES_ITS_ACTOR.get(act, who) != who:
        return
    pair = a_pair(state)
    before = copy(pair)
    step = STEPS.get((state, act))
    if step is not None and who in step.by:
        said = TAKE[act](pair, frozenset({who}))
        assert pair.state == step.to
        assert type(said) is SAYS[act]
        assert (said.version, said.occurred_at) == (before.version + 1, NOW)
        assert pair.version == said.version
        assert pair.revision == before.revision + 1
    else:
        with pytest.raises((NotYourStep, NotPossibleNow)):
            TAKE[act](pair, frozenset({who}))
        assert pair == before


@pytest.mark.parametrize("state", STATES)
def test_accepted_active_and_paused_pairs_hold_a_place_and_closed_ones_are_dated(state: State) -> None:
    pair = a_pair(state)
    assert (pair.place is not None) == (state in HOLDS_A_PLACE)
    assert (pair.closed_at is not None) == (state in CLOSED)
    assert (pair.review_at is not None) == (state == "paused")


def test_nothing_leads_out_of_a_closed_pair() -> None:
    assert not [state for state, _ in STEPS if state in CLOSED]


def test_every_state_can_be_reached() -> None:
    assert {step.to for step in STEPS.values()} | {"proposed"} == set(STATES)


def test_an_answer_at_the_end_of_seven_days_is_late() -> None:
    pair = a_pair("proposed")
    assert pair.answer_by == NOW + timedelta(days=7)
    with pytest.raises(ProposalLapsed):
        pair.accept(FREE, None, Seat(1, None), pair.answer_by)
    with pytest.raises(ProposalLapsed):
        pair.decline(MENTEE, pair.answer_by)
    assert pair.accept(FREE, None, Seat(1, None), pair.answer_by - timedelta(microseconds=1)).version == 2


def test_a_second_signature_at_the_end_of_twenty_one_days_is_late_and_the_clock_ends_the_pair() -> None:
    pair = a_pair("accepted")
    late = NOW + ACTIVATE_WITHIN
    assert pair.activate_by == late
    with pytest.raises(ActivationLapsed):
        pair.activate(COMPACT, late)
    assert pair.end(CLOCK, NOT_ACTIVATED, late).reason == "not_activated"


@pytest.mark.parametrize(
    ("days", "fits"), [(timedelta(0), False), (timedelta(days=90), True), (timedelta(days=90, seconds=1), False)]
)
def test_a_pause_is_looked_at_again_within_ninety_days(days: timedelta, *, fits: bool) -> None:
    pair = a_pair("active")
    if fits:
        assert pair.pause(MENTOR, None, NOW + days, NOW).review_at == NOW + REVIEW_WITHIN
    else:
        with pytest.raises(ReviewOutOfRange):
            pair.pause(MENTOR, None, NOW + days, NOW)


def test_administrators_say_why_and_the_two_need_not() -> None:
    for act in ("pause", "end"):
        for by in (MENTOR, MENTEE):
            assert _without_reason(a_pair("active"), act, by).reason == "asked"
        with pytest.raises(ReasonMissing):
            _without_reason(a_pair("active"), act, ADMINISTRATOR)
    with pytest.raises(ReasonMissing):
        a_pair("proposed").recall(ADMINISTRATOR, None, NOW)


def _without_reason(pair: Pair, act: str, by: frozenset[Who]) -> PairPaused | PairEnded:
    return pair.pause(by, None, LATER, NOW) if act == "pause" else pair.end(by, None, NOW)


def test_a_mentor_who_is_also_administrator_acts_as_mentor_first() -> None:
    assert a_pair("proposed").decline(MENTOR | ADMINISTRATOR, NOW).declined_by == "mentor"
    assert a_pair("active").end(MENTEE | ADMINISTRATOR, None, NOW).reason == "asked"


def test_only_the_two_and_administrators_may_know_of_a_pair() -> None:
    pair = a_pair("active")
    assert pair.roles_of(pair.mentor_id, NOW, administers=False) == {"mentor"}
    assert pair.roles_of(pair.mentee_id, NOW, administers=True) == {"mentee", "administrator"}
    with pytest.raises(PairNotFound):
        pair.roles_of(pair.proposed_by, NOW, administers=False)


def test_leave_pauses_an_active_pair_and_the_return_resumes_it() -> None:
    pair = a_pair("active")
    said = pair.go_away(pair.mentor_id, NOW)
    assert said is not None
    assert (said.reason, said.review_at, pair.state) == ("leave", NOW + REVIEW_WITHIN, "paused")
    assert isinstance(pair.come_back(pair.mentor_id, LATER), PairResumed)
    assert pair.state == "active"


def test_with_both_away_the_pair_goes_on_when_both_are_back() -> None:
    pair = a_pair("active")
    pair.go_away(pair.mentor_id, NOW)
    assert pair.go_away(pair.mentee_id, NOW) is None
    assert pair.come_back(pair.mentor_id, LATER) is None
    assert pair.state == "paused"
    assert isinstance(pair.come_back(pair.mentee_id, LATER), PairResumed)


def test_a_return_does_not_resume_what_was_paused_for_another_reason() -> None:
    pair = a_pair("paused")
    assert pair.go_away(pair.mentee_id, NOW) is None
    assert pair.come_back(pair.mentee_id, LATER) is None
    assert (pair.state, pair.reason) == ("paused", "asked")


def test_nothing_starts_or_goes_on_while_one_of_the_two_is_away() -> None:
    accepted, active = a_pair("accepted"), a_pair("active")
    accepted.go_away(accepted.mentor_id, NOW)
    active.go_away(active.mentee_id, NOW)
    with pytest.raises(SomeoneIsAway):
        accepted.activate(COMPACT, NOW)
    with pytest.raises(SomeoneIsAway):
        active.resume(MENTOR, NOW)


@pytest.mark.parametrize("who", sorted(set(EVERYONE) - COMPACT))
def test_nobody_makes_a_pair_active_but_both_signatures_on_one_version(who: Who) -> None:
    pair = a_pair("accepted")
    with pytest.raises(NotYourStep):
        pair.activate(frozenset[Who]({who}), NOW)
    assert pair.state == "accepted"


def test_leave_that_says_nothing_changes_the_revision_but_not_the_version() -> None:
    pair = a_pair("proposed")
    version, revision = pair.version, pair.revision
    assert pair.go_away(pair.mentee_id, NOW) is None
    assert (pair.version, pair.revision) == (version, revision + 1)


@pytest.mark.parametrize("state", sorted(set(STATES) - CLOSED))
def test_who_leaves_ends_pairs_and_has_proposals_recalled(state: State) -> None:
    pair = a_pair(state)
    said = pair.part("left", NOW)
    assert type(said) is (PairRecalled if state == "proposed" else PairEnded)
    assert (said.reason, pair.place, pair.closed_at) == ("left", None, NOW)


def test_the_events_of_a_pair_name_both_institutions_once() -> None:
    home, cross = a_proposal(), a_proposal(cross=True)
    assert home.propose().institution_ids == (home.mentor_institution_id,)
    assert cross.propose().institution_ids == (cross.mentor_institution_id, cross.mentee_institution_id)
