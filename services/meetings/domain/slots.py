"""Times that may be offered or booked; refuses the past, the far future, odd lengths and slots that overlap."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from services.meetings.domain.refusals import SlotInThePast, SlotLengthRefused, SlotsOverlap, SlotTooFarAhead
from shared.contracts.meetings import Slot

SHORTEST_SLOT: Final = timedelta(minutes=10)
LONGEST_SLOT: Final = timedelta(hours=4)
FARTHEST_SLOT: Final = timedelta(days=365)


def bookable(slot: Slot, now: datetime) -> Slot:
    """The slot in UTC, if a meeting may take place then.

    Raises SlotInThePast, SlotTooFarAhead, SlotLengthRefused.
    """
    if slot.starts_at <= now:
        raise SlotInThePast
    if slot.starts_at > now + FARTHEST_SLOT:
        raise SlotTooFarAhead
    if not SHORTEST_SLOT <= slot.ends_at - slot.starts_at <= LONGEST_SLOT:
        raise SlotLengthRefused
    return Slot(starts_at=slot.starts_at.astimezone(UTC), ends_at=slot.ends_at.astimezone(UTC))


def offered(slots: Sequence[Slot], now: datetime) -> tuple[Slot, ...]:
    """The slots of a proposal in the order in which they were offered, in UTC; slots that touch do not overlap.

    Raises SlotsOverlap and what `bookable` raises.
    """
    checked = tuple(bookable(slot, now) for slot in slots)
    by_start = sorted(checked, key=lambda slot: slot.starts_at)
    if any(earlier.ends_at > later.starts_at for earlier, later in pairwise(by_start)):
        raise SlotsOverlap
    return checked
