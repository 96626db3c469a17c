"""When things happen: two beats a working day, at each hospital's own wall clock; refuses other times of day.

A meeting takes the half hour before a beat, and people do what they do at a beat. So many things share few instants,
and the stepped clock needs few stops, while the hours still move apart when daylight saving time begins.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

START: Final = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)
"""A Monday, nine o'clock in New York."""
WEEKS: Final = 12
END: Final = START + timedelta(weeks=WEEKS)
BEATS_A_DAY: Final = 2
BEATS_A_WEEK: Final = 10
LAST_BEAT: Final = WEEKS * BEATS_A_WEEK - 1

_FIRST_DAY: Final = date(2027, 1, 4)
_BEFORE: Final = timedelta(minutes=30)
# The same instants in winter: 17:30 and 22:30 UTC.
_HOURS: Final = {
    "America/New_York": (time(12, 30), time(17, 30)),
    "America/Chicago": (time(11, 30), time(16, 30)),
    "America/Phoenix": (time(10, 30), time(15, 30)),
}


def at(beat: int, zone: str) -> datetime:
    """The instant of a beat, counted from 0 over working days, in a time zone; in UTC."""
    day, half = divmod(beat, BEATS_A_DAY)
    week, weekday = divmod(day, BEATS_A_WEEK // BEATS_A_DAY)
    local = datetime.combine(_FIRST_DAY + timedelta(weeks=week, days=weekday), _HOURS[zone][half], ZoneInfo(zone))
    return local.astimezone(UTC)


def slot(beat: int, zone: str, minutes: int) -> dict[str, str]:
    """The meeting that takes place in the half hour before a beat, as the interface wants it."""
    starts_at = at(beat, zone) - _BEFORE
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=minutes)).isoformat()}


def next_beat_after(instant: datetime, zone: str) -> int:
    """The first beat that lies after an instant."""
    beat = 0
    while at(beat, zone) <= instant:
        beat += 1
    return beat
