"""Reading one value that a person typed, in a roster's cell or in a form; refuses with a code, never with the value."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Final, Literal, TypeVar, cast
from zoneinfo import ZoneInfo, available_timezones

RosterRole = Literal["mentor", "mentee", "administrator"]
RosterStatus = Literal["active", "on_leave", "left"]
T = TypeVar("T")

MAX_NAME: Final = 200
MAX_PLACES: Final = 100
_ROLES: Final = frozenset({"mentor", "mentee", "administrator"})
_STATUSES: Final = frozenset({"active", "on_leave", "left"})
_EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,63}")
# Stricter than RFC 5321 allows: quoted local parts are legal, unused, and a way into mail headers.
_EMAIL: Final = re.compile(r"[^@\s,;:<>()\[\]\"\\]{1,64}@[^@\s,;:<>()\[\]\"\\]{1,189}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LEVEL: Final = re.compile(r"pgy_?([1-9]|10)")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+\-/]{0,62}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posixrules"})
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula when it opens the file again (OWASP, CSV injection)."""

# A name may hold joiners, which Persian and Indic scripts need, but nothing that turns the text around it.
_TURNS_TEXT: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EARLIEST: Final = date(1960, 1, 1)
_YEARS_AHEAD: Final = 2


class BadCell(Exception):
    """This value cannot be taken; `reason` is the code of the row's error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def looks_like_a_formula(raw: str) -> bool:
    """Whether a spreadsheet would calculate this cell instead of showing it, before or after trimming."""
    return raw.startswith(_FORMULA) or raw.strip().startswith(_FORMULA)


def is_plain_text(text: str) -> bool:
    """Whether a text holds no control characters, no line ends and nothing that turns the direction of text."""
    return not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _TURNS_TEXT for char in text)


def read_name(text: str) -> str:
    """A name in any script, kept as it is, in Unicode's composed form (NFC)."""
    name = unicodedata.normalize("NFC", text.strip())
    if not name or len(name) > MAX_NAME or not is_plain_text(name):
        raise BadCell("bad_name")
    return name


def read_external_id(text: str) -> str:
    """A person's id in the hospital's own systems: letters, digits and `._=-`, 64 at most (after SAML's subject-id)."""
    return _matching(_EXTERNAL_ID, text.strip(), "bad_external_id")


def read_email(text: str) -> str:
    """Something that looks like an e-mail address; whether it reaches anybody is not known here."""
    email = _matching(_EMAIL, text.strip(), "bad_email")
    if not is_plain_text(email):
        raise BadCell("bad_email")
    return email


def read_role(text: str) -> RosterRole:
    """mentor, mentee or administrator."""
    role = text.strip().casefold()
    if role not in _ROLES:
        raise BadCell("bad_role")
    return cast("RosterRole", role)


def read_status(text: str) -> RosterStatus:
    """active, on_leave or left; an empty cell says active."""
    status = _as_code(text) or "active"
    if status not in _STATUSES:
        raise BadCell("bad_status")
    return cast("RosterStatus", status)


def read_level(text: str) -> str:
    """pgy_1 to pgy_10, fellow or faculty; `PGY-1` and `PGY 1` mean pgy_1."""
    level = _as_code(text)
    if level in {"fellow", "faculty"}:
        return level
    year = _LEVEL.fullmatch(level)
    if year is None:
        raise BadCell("bad_level")
    return f"pgy_{year[1]}"


def read_code(text: str, reason: str) -> str:
    """A short word: `Internal medicine` is read as internal_medicine."""
    return _matching(_CODE, _as_code(text), reason)


def read_places(text: str) -> int:
    """A number of places from 0 to 100; an empty cell says 0."""
    number = text.strip() or "0"
    if not _NUMBER.fullmatch(number) or int(number) > MAX_PLACES:
        raise BadCell("bad_places")
    return int(number)


def read_time_zone(text: str) -> str:
    """The name of a time zone, such as Europe/Warsaw (IANA time zone database)."""
    name = _matching(_ZONE, text.strip(), "bad_time_zone")
    if name not in _zones():
        raise BadCell("bad_time_zone")
    return name


def read_date(text: str, today: date) -> date:
    """A day as YYYY-MM-DD, from 1960 to two years ahead."""
    written = _matching(_DATE, text.strip(), "bad_date")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise BadCell("bad_date") from None
    if day < _EARLIEST or day.year > today.year + _YEARS_AHEAD:
        raise BadCell("absurd_date")
    return day


def start_of(day: date, zone: str) -> datetime:
    """The first instant of a day in a time zone, in UTC; where midnight is skipped, the first instant after it.

    Of the two offsets at a skipped midnight `fold=0` takes the one before, which names just that instant.
    """
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def optional(read: Callable[[str], T], text: str) -> T | None:
    """What `read` makes of a cell, or None where it is empty."""
    return read(text) if text.strip() else None


def _as_code(text: str) -> str:
    return re.sub(r"[\s\-]+", "_", text.strip().casefold())


def _matching(pattern: re.Pattern[str], text: str, reason: str) -> str:
    if not pattern.fullmatch(text):
        raise BadCell(reason)
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES
