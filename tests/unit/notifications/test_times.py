"""Hours as people read them: with the zone named, over clock changes and for zones without letters."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.notifications.sender.wording import find_zone, hours, offset_name, wording

HALF_AN_HOUR = timedelta(minutes=30)


def at(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_an_instant_has_weekday_date_hour_offset_and_zone() -> None:
    said = wording("en").when(at(2026, 11, 24, 16, 30), at(2026, 11, 24, 17, 0), "Europe/Warsaw")
    assert said == "Tuesday 24 November 2026, 17:30\u201318:00 CET (Europe/Warsaw)"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Friday 1 January 2027, 13:00 CET (Europe/Paris)"),
        ("de", "Freitag, 1. Januar 2027, 13:00 CET (Europe/Paris)"),
        ("es", "viernes 1 de enero de 2027, 13:00 CET (Europe/Paris)"),
        ("fr", "vendredi 1er janvier 2027, 13:00 CET (Europe/Paris)"),
    ],
)
def test_each_language_writes_its_own_dates(language: str, said: str) -> None:
    assert wording(language).when(at(2027, 1, 1, 12, 0), None, "Europe/Paris") == said


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    warsaw = ZoneInfo("Europe/Warsaw")
    assert hours(at(2026, 10, 25, 0, 30), None, warsaw) == "02:30 CEST"
    assert hours(at(2026, 10, 25, 1, 30), None, warsaw) == "02:30 CET"


def test_a_meeting_over_the_change_of_the_clocks_names_both_offsets() -> None:
    warsaw = ZoneInfo("Europe/Warsaw")
    start = at(2026, 10, 25, 0, 45)
    assert hours(start, start + HALF_AN_HOUR, warsaw) == "02:45 CEST\u201302:15 CET"
    spring = at(2027, 3, 28, 0, 45)
    assert hours(spring, spring + HALF_AN_HOUR, warsaw) == "01:45 CET\u201303:15 CEST"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Asia/Kathmandu", "UTC+05:45"),
        ("America/Sao_Paulo", "UTC-03"),
        ("Asia/Kolkata", "IST"),
        ("Pacific/Marquesas", "UTC-09:30"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_without_letters_is_named_by_its_offset(zone: str, name: str) -> None:
    assert offset_name(at(2027, 1, 1, 12, 0).astimezone(ZoneInfo(zone))) == name


@pytest.mark.parametrize("name", ["Europe/Atlantis", "America", "localtime-", "../etc/passwd", "Etc/"])
def test_a_zone_that_does_not_exist_is_not_guessed(name: str) -> None:
    assert find_zone(name) == (UTC, "UTC")
    assert wording("en").when(at(2027, 1, 1, 12, 0), None, name).endswith("12:00 UTC (UTC)")


def test_beside_it_stands_the_others_hour_with_its_date_only_where_that_differs() -> None:
    words, start = wording("en"), at(2026, 11, 24, 16, 30)
    assert words.when_beside(start, None, "America/New_York", "Europe/Warsaw") == "11:30 EST (America/New_York)"
    tokyo = words.when_beside(start, None, "Asia/Tokyo", "Europe/Warsaw")
    assert tokyo == "Wednesday 25 November 2026, 01:30 JST (Asia/Tokyo)"


@given(
    some.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001 - bounds
    some.sampled_from(sorted(available_timezones())),
)
def test_every_instant_in_every_zone_can_be_told_and_names_the_zone(instant: datetime, zone: str) -> None:
    said = wording("en").when(instant, instant + HALF_AN_HOUR, zone)
    local = instant.astimezone(ZoneInfo(zone))
    assert said.endswith(f"({zone})")
    assert f"{local:%H:%M}" in said
    assert offset_name(local) in said
