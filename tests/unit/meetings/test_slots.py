"""Slots that may be offered: in the future, of a sensible length, not overlapping each other."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.meetings.domain import SlotInThePast, SlotLengthRefused, SlotsOverlap, SlotTooFarAhead, bookable, offered
from shared.contracts.meetings import Slot
from shared.platform.errors import Malformed
from tests.unit.meetings.making import HOUR, NOW, a_slot

ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
INSTANTS = st.datetimes(timezones=ZONES)
NEAR = st.integers(-60, 600).map(lambda minutes: NOW + timedelta(minutes=minutes))


def slots(instants: st.SearchStrategy[datetime]) -> st.SearchStrategy[Slot]:
    return st.builds(Slot, starts_at=instants, ends_at=instants)


@given(st.lists(st.one_of(slots(NEAR), slots(INSTANTS)), min_size=1, max_size=3))
def test_offered_slots_never_overlap_and_lie_in_the_coming_year(wanted: list[Slot]) -> None:
    try:
        accepted = offered(wanted, NOW)
    except Malformed:
        return
    assert accepted == tuple(wanted)
    for slot in accepted:
        assert NOW < slot.starts_at <= NOW + timedelta(days=365)
        assert timedelta(minutes=10) <= slot.ends_at - slot.starts_at <= timedelta(hours=4)
        assert slot.starts_at.tzinfo is slot.ends_at.tzinfo is UTC
    for one, other in combinations(accepted, 2):
        assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at


def test_slots_that_touch_do_not_overlap() -> None:
    assert len(offered([a_slot(2, 60), a_slot(1, 60), a_slot(3, 60)], NOW)) == 3


def test_slots_that_overlap_are_refused_in_any_order() -> None:
    with pytest.raises(SlotsOverlap):
        offered([a_slot(3), a_slot(1, 61), a_slot(2)], NOW)


def test_a_slot_begins_after_now() -> None:
    with pytest.raises(SlotInThePast):
        bookable(a_slot(0), NOW)


def test_a_slot_begins_within_a_year() -> None:
    assert bookable(a_slot(365 * 24), NOW)
    with pytest.raises(SlotTooFarAhead):
        bookable(a_slot(365 * 24 + 0.01), NOW)


@pytest.mark.parametrize("minutes", [-30, 0, 9, 241])
def test_a_slot_lasts_from_ten_minutes_to_four_hours(minutes: int) -> None:
    with pytest.raises(SlotLengthRefused):
        bookable(a_slot(1, minutes), NOW)


def test_the_first_and_the_last_instant_of_the_calendar_are_refused_without_a_crash() -> None:
    for instant in (datetime.min.replace(tzinfo=ZONE_EAST), datetime.max.replace(tzinfo=ZONE_WEST)):
        with pytest.raises(Malformed):
            bookable(Slot(starts_at=instant, ends_at=NOW + HOUR), NOW)
        with pytest.raises(Malformed):
            bookable(Slot(starts_at=NOW + HOUR, ends_at=instant), NOW)


ZONE_EAST, ZONE_WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
