"""Times of a week as people write them: read as they are meant, written back the same, and nothing guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.pages.week import DAYS, NoSuchTime, read_week, write_week

_MINUTES = st.integers(0, 1439)


def _span(day: int, one: int, other: int) -> dict[str, int]:
    return {"weekday": day, "from_minute": min(one, other), "to_minute": max(one, other) + 1}


_SPANS = st.lists(st.builds(_span, st.sampled_from(sorted(DAYS)), _MINUTES, _MINUTES), max_size=20)


@given(_SPANS)
def test_what_is_written_is_read_as_the_same(spans: list[dict[str, int]]) -> None:
    in_order = [span for day in DAYS for span in spans if span["weekday"] == day]
    assert read_week(write_week(spans)) == in_order


def test_people_write_hours_as_they_like() -> None:
    assert read_week({1: " 9:00 - 12.30,17:00\N{EN DASH}24:00 ", 2: "", 3: " , "}) == [
        {"weekday": 1, "from_minute": 540, "to_minute": 750},
        {"weekday": 1, "from_minute": 1020, "to_minute": 1440},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nine",
        "9-12",
        "09:00",
        "09:60-10:00",
        "12:00-09:00",
        "09:00-09:00",
        "09:00-24:01",
        "\N{ARABIC-INDIC DIGIT NINE}:00-10:00",
        "-",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(NoSuchTime):
        read_week({1: text})
