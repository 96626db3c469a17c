"""Times, numbers and names, as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.pages import words
from services.console.pages.words import Clock

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CLOCK = Clock(NOW, NEW_YORK)


def test_a_moment_names_its_weekday_and_its_zone() -> None:
    at = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
    assert CLOCK.near(at) + CLOCK.moment(at) == "tomorrow, Tue 24 Nov, 09:40 EST"
    assert CLOCK.iso(at) == "2026-11-24T09:40-05:00"


def test_today_and_tomorrow_are_days_of_the_readers_own_zone() -> None:
    late = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)  # still the 23rd in New York
    assert CLOCK.near(late) == "today, "
    assert Clock(NOW, ZoneInfo("Europe/Warsaw")).near(late) == "tomorrow, "
    assert CLOCK.near(NOW + timedelta(days=2)) == CLOCK.near(NOW - timedelta(days=1)) == "on "


def test_another_year_is_said() -> None:
    assert CLOCK.moment(datetime(2027, 1, 5, 14, 0, tzinfo=UTC)) == "Tue 5 Jan 2027, 09:00 EST"
    assert CLOCK.day(datetime(2025, 10, 2, 14, 0, tzinfo=UTC)) == "2 October 2025"


def test_the_zone_of_a_moment_is_the_one_it_has_then() -> None:
    assert CLOCK.moment(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == "Wed 1 Jul, 08:00 EDT"


def test_a_span_over_midnight_names_both_days() -> None:
    start = datetime(2026, 11, 24, 4, 45, tzinfo=UTC)
    assert CLOCK.span(start, start + timedelta(minutes=10)) == "Mon 23 Nov, 23:45 to 23:55 EST"
    assert CLOCK.span(start, start + timedelta(minutes=30)) == "Mon 23 Nov, 23:45 EST to Tue 24 Nov, 00:15 EST"


@given(st.integers(946_684_800, 4_102_444_800), st.sampled_from(sorted(available_timezones() - {"localtime"})))
def test_no_zone_of_the_world_is_without_a_name(seconds: int, zone: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    moment = Clock(NOW, ZoneInfo(zone)).moment(at)
    name = moment.rsplit(" ", 1)[1]
    assert name.isalpha() or name.startswith("UTC")
    assert words.place(ZoneInfo(zone), at)


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("America/New_York", "New York, EST (UTC\N{MINUS SIGN}5)"),
        ("Asia/Kolkata", "Kolkata, IST (UTC+5:30)"),
        ("Asia/Dubai", "Dubai, UTC+4"),
        ("America/St_Johns", "St Johns, NST (UTC\N{MINUS SIGN}3:30)"),
        ("UTC", "UTC, UTC"),
    ],
)
def test_a_place_says_how_far_it_is_from_utc(zone: str, says: str) -> None:
    assert words.place(ZoneInfo(zone), NOW) == says


@pytest.mark.parametrize(
    ("name", "locale", "language"),
    [
        ("Nguyễn Thị Lan", "vi", "vi"),
        ("김서연", "en", "ko"),
        ("김서연", "ko-KR", "ko-KR"),
        ("ليلى حدّاد", "ar", "ar"),
        ("ليلى حدّاد", "de", "und-Arab"),
        ("Олена Шевченко", "uk", "uk"),
        ("डॉ. अनन्या शर्मा", "hi", "hi"),
        ("נועה בן־דוד", "en", "he"),
        ("山田 太郎", "en", "und-Hani"),
        ("Rosa Almeida", "pt-BR", "pt-BR"),
        ("Kim Seo-yeon", "ko", None),
        ("123", "en", None),
        ("", None, None),
    ],
)
def test_a_name_is_told_in_the_language_of_its_script(name: str, locale: str | None, language: str | None) -> None:
    assert words.tongue(name, locale) == language


@given(st.text(max_size=30), st.one_of(st.none(), st.from_regex(r"[a-z]{2,3}(-[A-Z]{2})?", fullmatch=True)))
def test_any_name_has_a_language_tag_or_none(name: str, locale: str | None) -> None:
    language = words.tongue(name, locale)
    assert language is None or language == locale or language.startswith("und-") or len(language) == 2


def test_numbers_are_words_at_the_beginning_of_a_sentence() -> None:
    assert [words.number(count) for count in (0, 1, 7, 12, 13, 1021)] == [
        "Nothing",
        "One",
        "Seven",
        "Twelve",
        "13",
        "1,021",
    ]
    assert words.plural(1, "pair is", "pairs are") == "1 pair is"
    assert words.plural(1200, "hospital") == "1,200 hospitals"


@pytest.mark.parametrize(("hour", "says"), [(4, "Good morning"), (12, "Good afternoon"), (18, "Good evening")])
def test_a_greeting_follows_the_readers_clock(hour: int, says: str) -> None:
    local = datetime(2026, 11, 23, hour, 0, tzinfo=NEW_YORK)
    assert Clock(local.astimezone(UTC), NEW_YORK).greeting() == says
