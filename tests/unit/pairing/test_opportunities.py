"""Opportunities: what a mentee may make of one, walked whole, and deadlines that end with a day without an hour."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args
from uuid import uuid4

import pytest

from services.pairing.domain import (
    FARTHEST_DEADLINE,
    FOLLOW_STEPS,
    AlreadyFollowed,
    DeadlineOutOfRange,
    FollowAct,
    Follower,
    FollowState,
    NotYourStep,
    Opportunity,
    OpportunityNotFound,
    OpportunityOver,
    end_of,
    new_opportunity,
)
from shared.contracts import pairing as says
from tests.unit.pairing.proposals import LATER, NOW

STATES: Final[tuple[FollowState, ...]] = get_args(FollowState)
ACTS: Final[tuple[FollowAct, ...]] = get_args(FollowAct)
SAYS: Final[dict[FollowAct, type[says.FollowEvent]]] = {
    "offer": says.OpportunityOffered,
    "save": says.OpportunitySaved,
    "drop": says.OpportunityDropped,
}


def an_opportunity(deadline: datetime | date = NOW + timedelta(days=30), zone: str = "Europe/Warsaw") -> Opportunity:
    """A conference that is offered to nobody yet."""
    return new_opportunity((uuid4(), uuid4()), "conference", ("Spring meeting", None), deadline, zone, NOW)


def take(opportunity: Opportunity, mentee: Follower, act: FollowAct, now: datetime = LATER) -> says.FollowEvent:
    """One act of the table."""
    return getattr(opportunity, act)(mentee, now)


def a_mentee_who(opportunity: Opportunity, state: FollowState) -> Follower:
    """A mentee who came to this state by steps of their own."""
    mentee = opportunity.follower(uuid4(), uuid4())
    ways: dict[FollowState, tuple[FollowAct, ...]] = {
        "none": (),
        "offered": ("offer",),
        "saved": ("save",),
        "dropped": ("offer", "drop"),
    }
    for act in ways[state]:
        take(opportunity, mentee, act, NOW)
    return mentee


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_a_step_is_taken_where_the_table_has_it_and_refused_without_a_trace_elsewhere(
    state: FollowState, act: FollowAct
) -> None:
    opportunity = an_opportunity()
    mentee = a_mentee_who(opportunity, state)
    before = deepcopy(opportunity)
    to = FOLLOW_STEPS.get((state, act))
    if to is None:
        with pytest.raises(AlreadyFollowed):
            take(opportunity, mentee, act)
        assert opportunity == before
    else:
        said = take(opportunity, mentee, act)
        assert (mentee.state, type(said), said.version) == (to, SAYS[act], before.version + 1)
        assert [each.person_id for each in opportunity.followers] == [mentee.person_id]
        assert "Spring" not in said.model_dump_json()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_made_of_what_is_over_or_withdrawn(state: FollowState, act: FollowAct) -> None:
    opportunity, withdrawn = an_opportunity(), an_opportunity()
    mentee, other = a_mentee_who(opportunity, state), a_mentee_who(withdrawn, state)
    withdrawn.withdraw(NOW)
    with pytest.raises(OpportunityOver):
        take(opportunity, mentee, act, opportunity.deadline_at)
    with pytest.raises(OpportunityOver):
        take(withdrawn, other, act)
    with pytest.raises(OpportunityOver):
        withdrawn.withdraw(NOW)
    with pytest.raises(OpportunityOver):
        opportunity.withdraw(opportunity.deadline_at)


def test_what_is_withdrawn_says_who_was_waiting_for_it_and_not_who_dropped_it() -> None:
    opportunity = an_opportunity()
    offered, saved = a_mentee_who(opportunity, "offered"), a_mentee_who(opportunity, "saved")
    a_mentee_who(opportunity, "dropped")
    said = opportunity.withdraw(LATER)
    assert said.mentee_ids == (offered.person_id, saved.person_id)
    assert said.institution_ids == (opportunity.institution_id, offered.institution_id, saved.institution_id)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2027, 3, 1), "Europe/Warsaw", datetime(2027, 3, 1, 23, tzinfo=UTC)),
        (date(2027, 3, 27), "Europe/Warsaw", datetime(2027, 3, 27, 23, tzinfo=UTC)),
        (date(2027, 3, 28), "Europe/Warsaw", datetime(2027, 3, 28, 22, tzinfo=UTC)),  # the clocks change that day
        (date(2027, 3, 1), "America/Los_Angeles", datetime(2027, 3, 2, 8, tzinfo=UTC)),
        (date(2027, 3, 1), "Pacific/Kiritimati", datetime(2027, 3, 1, 10, tzinfo=UTC)),
        (date(2027, 3, 1), "Nowhere/At_All", datetime(2027, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_deadline_without_an_hour_ends_with_its_day_in_the_offering_institutions_zone(
    day: date, zone: str, end: datetime
) -> None:
    opportunity = an_opportunity(day, zone)
    assert (opportunity.deadline_at, opportunity.deadline_day) == (end, day)
    assert opportunity.is_open(end - timedelta(microseconds=1))
    assert not opportunity.is_open(end)


def test_a_deadline_lies_ahead_and_at_most_two_years_off() -> None:
    for deadline in (NOW, NOW + FARTHEST_DEADLINE + timedelta(microseconds=1), (NOW - timedelta(days=2)).date()):
        with pytest.raises(DeadlineOutOfRange):
            an_opportunity(deadline)
    assert an_opportunity(NOW + FARTHEST_DEADLINE).deadline_day is None
    assert an_opportunity(NOW.date()).deadline_at == end_of(NOW.date(), "Europe/Warsaw")


def test_only_who_offers_it_or_administers_takes_it_back_and_a_stranger_does_not_see_it() -> None:
    opportunity = an_opportunity()
    mentee = a_mentee_who(opportunity, "offered")
    opportunity.refuse_to_withdraw(opportunity.offered_by, administers=False)
    opportunity.refuse_to_withdraw(uuid4(), administers=True)
    with pytest.raises(NotYourStep):
        opportunity.refuse_to_withdraw(mentee.person_id, administers=False)
    for seen_by in (opportunity.offered_by, mentee.person_id):
        opportunity.refuse_strangers(seen_by, administers=False, may_save=False)
    opportunity.refuse_strangers(uuid4(), administers=False, may_save=True)
    with pytest.raises(OpportunityNotFound):
        opportunity.refuse_strangers(uuid4(), administers=False, may_save=False)
