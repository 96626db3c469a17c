"""Words, dates and hours in a person's language and zone; a zone is always named, and an unknown one is not guessed."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.domain.categories import Why

LANGUAGES: Final = ("en", "de", "es", "fr")
"""The first is for everyone whose own is not here."""

_TO: Final = "\u2013"  # an en dash, as between the two ends of a span


class Mail(BaseModel):
    """The words of one category; each sentence is a template of `other`, `by`, `since` and `why`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    before: tuple[str, ...]
    """What stands before the times, if the mail has any."""
    after: tuple[str, ...] = ()


class Wording(BaseModel):
    """One language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekdays: Annotated[tuple[str, ...], Field(min_length=7, max_length=7)]
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    date: str
    first_day: str | None = None
    """How the first day of a month is written, where it differs from 1."""
    greeting: str
    other_person: str
    """Who stands for someone whose name is not known."""
    time_of_other: str
    footer: tuple[str, ...]
    reasons: Mapping[Why, str]
    """Why a mentor of a request was passed over, as a sentence each."""
    mails: Mapping[str, Mail]

    def day(self, local: datetime) -> str:
        """A date with its weekday, such as Tuesday 24 November 2026."""
        return self.date.format(
            weekday=self.weekdays[local.weekday()],
            day=self.first_day if local.day == 1 and self.first_day else local.day,
            month=self.months[local.month - 1],
            year=local.year,
        )

    def when(self, starts_at: datetime, ends_at: datetime | None, zone: str) -> str:
        """An instant or a span in a zone: Tuesday 24 November 2026, 17:30 to 18:00 CET (Europe/Warsaw), shortened."""
        found, name = find_zone(zone)
        return f"{self.day(starts_at.astimezone(found))}, {hours(starts_at, ends_at, found)} ({name})"

    def when_beside(self, starts_at: datetime, ends_at: datetime | None, zone: str, beside: str) -> str:
        """The same in the other person's zone; with its date only where that is another day than in `beside`."""
        found, name = find_zone(zone)
        if starts_at.astimezone(found).date() != starts_at.astimezone(find_zone(beside)[0]).date():
            return self.when(starts_at, ends_at, zone)
        return f"{hours(starts_at, ends_at, found)} ({name})"


def hours(starts_at: datetime, ends_at: datetime | None, zone: tzinfo) -> str:
    """The hour with its offset's name: 17:30 CET; of a span also the end, and both names where the clocks change."""
    start = starts_at.astimezone(zone)
    if ends_at is None:
        return f"{start:%H:%M} {offset_name(start)}"
    end = ends_at.astimezone(zone)
    if offset_name(start) == offset_name(end):
        return f"{start:%H:%M}{_TO}{end:%H:%M} {offset_name(start)}"
    return f"{start:%H:%M} {offset_name(start)}{_TO}{end:%H:%M} {offset_name(end)}"


def offset_name(local: datetime) -> str:
    """CET where the zone has letters for it; UTC+05:45 where it has only numbers."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    whole, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{whole:02d}:{minutes:02d}" if minutes else f"UTC{sign}{whole:02d}"


@cache
def find_zone(name: str) -> tuple[tzinfo, str]:
    """The zone and the name to show; UTC, and so named, for one that the time zone database does not have."""
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError, OSError):  # it raises OSError for the name of one of its folders
        return UTC, "UTC"


def language_of(locale: str) -> str:
    """The language of a mail to someone with this locale, such as es for es-MX."""
    language = locale.partition("-")[0]
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def wording(language: str) -> Wording:
    """Everything that mails say in one of LANGUAGES."""
    text = (resources.files("services.notifications.templates") / f"{language}.toml").read_text(encoding="utf-8")
    return Wording.model_validate(tomllib.loads(text))
