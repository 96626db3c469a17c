"""Times of a week as people write them, `09:00-12:30, 17:00-24:00`, and as services do; refuses what is no time."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

DAYS: Final[Mapping[int, str]] = {
    1: "Monday",
    2: "Tuesday",
    3: "Wednesday",
    4: "Thursday",
    5: "Friday",
    6: "Saturday",
    7: "Sunday",
}
_SPAN: Final = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-\N{EN DASH}]\s*(\d{1,2})[:.](\d{2})", re.ASCII)
_HOUR, _DAY = 60, 24 * 60


class NoSuchTime(ValueError):
    """What somebody wrote is no time of a week."""


def read_week(said: Mapping[int, str]) -> list[dict[str, int]]:
    """The spans of each day, in minutes of the day; raises NoSuchTime."""
    return [
        {"weekday": day, **_span(text.strip())}
        for day, line in said.items()
        for text in line.split(",")
        if text.strip()
    ]


def write_week(spans: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """The same as people write it, by day."""
    return {
        day: ", ".join(
            f"{_clock(span['from_minute'])}-{_clock(span['to_minute'])}" for span in spans if span["weekday"] == day
        )
        for day in DAYS
    }


def _span(text: str) -> dict[str, int]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise NoSuchTime
    hours, minutes, to_hours, to_minutes = (int(each) for each in found.groups())
    begins, ends = hours * _HOUR + minutes, to_hours * _HOUR + to_minutes
    if max(minutes, to_minutes) >= _HOUR or not 0 <= begins < ends <= _DAY:
        raise NoSuchTime
    return {"from_minute": begins, "to_minute": ends}


def _clock(minute: int) -> str:
    return f"{minute // _HOUR:02}:{minute % _HOUR:02}"
