"""A meeting's life is the table of steps and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.meetings.domain import (
    STEPS,
    Act,
    Meeting,
    MeetingHasBegun,
    MeetingHasNotBegun,
    NoSuchSlot,
    NotInThisState,
    OwnProposal,
    Pair,
    PairNotActive,
    PairState,
    SlotHasBegun,
    State,
    TooLateToSay,
    TooManyProposals,
)
from shared.contracts.event import Event
from shared.contracts.meetings import MeetingHeld, MeetingMissed
from shared.platform.errors import Refused
from tests.unit.meetings.making import HOUR, NOW, a_meeting_in, a_pair, a_proposal, a_scheduled_meeting, a_slot

Do = Callable[[Meeting, Pair, datetime], Event | None]

ACTS: dict[Act, Do] = {
    "accept": lambda meeting, pair, now: meeting.accept(pair.mentee_id, 0, pair, now),
    "expire": lambda meeting, _, now: meeting.expire(now),
    "move": lambda meeting, pair, now: meeting.move(pair.mentor_id, a_slot((now - NOW) / HOUR + 24), pair, now),
    "cancel": lambda meeting, pair, now: meeting.cancel(pair.mentee_id, "not_stated", now),
    "confirm": lambda meeting, _, now: meeting.confirm(now),
    "report_missed": lambda meeting, pair, now: meeting.report_missed(pair.mentor_id, now),
    "presume_held": lambda meeting, _, now: meeting.settle(now),
    "let_missed_stand": lambda meeting, _, now: meeting.settle(now),
}
BEFORE, BEGUN = NOW, NOW + 24 * HOUR
WHEN: dict[Act, datetime] = {"confirm": BEGUN, "report_missed": BEGUN}


@pytest.mark.parametrize("act", get_args(Act))
@pytest.mark.parametrize("state", get_args(State))
def test_every_act_in_every_state_does_what_the_table_says_or_is_refused(state: State, act: Act) -> None:
    pair = a_pair()
    meeting = a_meeting_in(state, pair)
    if act == "let_missed_stand" and state == "scheduled":
        meeting.report_missed(pair.mentor_id, BEGUN)
    version, revision = meeting.version, meeting.revision
    expected = STEPS.get((state, act))
    if expected is None:
        with pytest.raises(NotInThisState):
            ACTS[act](meeting, pair, WHEN.get(act, BEFORE))
        assert (meeting.state, meeting.version, meeting.revision) == (state, version, revision)
        return
    said = ACTS[act](meeting, pair, WHEN.get(act, BEFORE))
    assert meeting.state == expected
    assert meeting.version == version + (said is not None)
    assert meeting.revision == revision + 1


def test_every_state_is_reached_and_the_last_ones_are_final() -> None:
    assert {*STEPS.values(), "proposed"} == set(get_args(State))
    assert {state for state, _ in STEPS} == {"proposed", "scheduled"}
    assert {act for _, act in STEPS} == set(get_args(Act))


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.floats(0, 60)), max_size=12))
def test_any_sequence_of_acts_stays_in_the_table_and_says_versions_without_gaps(
    acts: list[tuple[Act, float]],
) -> None:
    pair = a_pair()
    meeting = a_proposal(pair, a_slot(24), a_slot(48))
    now = NOW
    versions = [meeting.version]
    for act, hours in acts:
        now += timedelta(hours=hours)
        before, revision = meeting.state, meeting.revision
        try:
            said = ACTS[act](meeting, pair, now)
        except Refused:
            assert (meeting.state, meeting.revision) == (before, revision)
            continue
        assert meeting.state in {to for (state, _), to in STEPS.items() if state == before}
        if said is not None:
            versions.append(said.version)
            assert said.occurred_at == now
    assert versions == list(range(1, len(versions) + 1))
    assert meeting.version == versions[-1]
    assert (meeting.booked is not None) or meeting.state in {"proposed", "expired", "cancelled"}
    assert (meeting.confirmed is not None) == (meeting.state == "held")
    assert (meeting.cancel_reason is not None) == (meeting.state == "cancelled")


def test_only_the_other_person_accepts() -> None:
    pair = a_pair()
    with pytest.raises(OwnProposal):
        a_proposal(pair).accept(pair.mentor_id, 0, pair, NOW)


def test_a_slot_is_accepted_until_the_instant_it_begins() -> None:
    pair = a_pair()
    meeting = a_proposal(pair, a_slot(1), a_slot(2))
    with pytest.raises(SlotHasBegun):
        meeting.accept(pair.mentee_id, 0, pair, NOW + HOUR)
    said = meeting.accept(pair.mentee_id, 1, pair, NOW + HOUR)
    assert said.starts_at == NOW + 2 * HOUR


def test_a_slot_that_was_not_offered_cannot_be_accepted() -> None:
    pair = a_pair()
    for number in (-1, 1):
        with pytest.raises(NoSuchSlot):
            a_proposal(pair).accept(pair.mentee_id, number, pair, NOW)


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_a_pair_that_is_not_active_books_nothing(state: PairState) -> None:
    active = a_pair()
    stopped = replace(active, state=state)
    with pytest.raises(PairNotActive):
        a_proposal(stopped)
    with pytest.raises(PairNotActive):
        a_proposal(active).accept(active.mentee_id, 0, stopped, NOW)
    with pytest.raises(PairNotActive):
        a_scheduled_meeting(active).move(active.mentee_id, a_slot(48), stopped, NOW)


def test_a_sixth_proposal_waits_until_one_is_answered() -> None:
    pair = a_pair()
    with pytest.raises(TooManyProposals):
        Meeting.propose(pair.pair_id, pair, pair.mentee_id, [a_slot()], waiting=5, now=NOW)
    Meeting.propose(pair.pair_id, pair, pair.mentee_id, [a_slot()], waiting=4, now=NOW)


def test_a_proposal_expires_when_its_last_slot_begins_in_whatever_order_they_were_offered() -> None:
    assert a_proposal(None, a_slot(72), a_slot(24), a_slot(48)).expires_at == NOW + 72 * HOUR


def test_a_meeting_that_has_begun_is_neither_moved_nor_cancelled() -> None:
    pair = a_pair()
    meeting = a_scheduled_meeting(pair)
    with pytest.raises(MeetingHasBegun):
        meeting.move(pair.mentor_id, a_slot(48), pair, BEGUN)
    with pytest.raises(MeetingHasBegun):
        meeting.cancel(pair.mentor_id, "clinical_duty", BEGUN)


def test_nobody_says_held_or_missed_before_the_start() -> None:
    pair = a_pair()
    meeting = a_scheduled_meeting(pair)
    with pytest.raises(MeetingHasNotBegun):
        meeting.confirm(BEGUN - timedelta(seconds=1))
    with pytest.raises(MeetingHasNotBegun):
        meeting.report_missed(pair.mentor_id, BEGUN - timedelta(seconds=1))


def test_a_moved_meeting_is_judged_by_its_new_time() -> None:
    pair = a_pair()
    meeting = a_scheduled_meeting(pair)
    meeting.move(pair.mentee_id, a_slot(48), pair, NOW)
    with pytest.raises(MeetingHasNotBegun):
        meeting.confirm(BEGUN)
    assert meeting.confirm(NOW + 48 * HOUR).ended_at == a_slot(48).ends_at


def test_held_wins_over_an_earlier_missed() -> None:
    pair = a_pair()
    meeting = a_scheduled_meeting(pair)
    meeting.report_missed(pair.mentor_id, BEGUN)
    said = meeting.confirm(BEGUN + HOUR)
    assert said.confirmed
    assert said.attendee_ids == (pair.mentor_id, pair.mentee_id)


def test_a_missed_that_nobody_contradicts_stands_after_72_hours() -> None:
    meeting = a_scheduled_meeting()
    meeting.report_missed(meeting.mentee_id, BEGUN)
    assert isinstance(meeting.settle(meeting.silent_at), MeetingMissed)


def test_saying_missed_twice_changes_nothing_more() -> None:
    meeting = a_scheduled_meeting()
    meeting.report_missed(meeting.mentee_id, BEGUN)
    revision = meeting.revision
    meeting.report_missed(meeting.mentor_id, BEGUN + HOUR)
    assert (meeting.missed_said_by, meeting.revision) == (meeting.mentee_id, revision)


def test_72_silent_hours_make_it_held_but_unconfirmed() -> None:
    meeting = a_scheduled_meeting()
    said = meeting.settle(meeting.silent_at)
    assert isinstance(said, MeetingHeld)
    assert not said.confirmed


def test_after_72_hours_it_is_too_late_to_say_anything() -> None:
    meeting = a_scheduled_meeting()
    with pytest.raises(TooLateToSay):
        meeting.confirm(meeting.silent_at)
    with pytest.raises(TooLateToSay):
        meeting.report_missed(meeting.mentor_id, meeting.silent_at)


def test_a_pause_cancels_what_had_not_begun_when_it_began_even_when_heard_late() -> None:
    meeting = a_scheduled_meeting()
    said = meeting.fall_with_pair("pair_paused", BEGUN - HOUR, BEGUN + HOUR)
    assert (said.reason, said.cancelled_by, said.occurred_at) == ("pair_paused", None, BEGUN + HOUR)
    with pytest.raises(MeetingHasBegun):
        a_scheduled_meeting().fall_with_pair("pair_ended", BEGUN, BEGUN)


def test_events_name_each_institution_once() -> None:
    home = a_pair()
    home = replace(home, mentee_institution_id=home.mentor_institution_id)
    _, said = Meeting.propose(home.pair_id, home, home.mentor_id, [a_slot()], waiting=0, now=NOW)
    assert said.institution_ids == (home.mentor_institution_id,)
