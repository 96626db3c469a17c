"""Times, numbers and names as people read them; a time never goes without its zone, and a name is never cut."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_NUMBERS: Final = (
    "Nothing", "One", "Two", "Three", "Four", "Five", "Six",
    "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
)  # fmt: skip
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_NOON, _EVENING = 12, 18
_MINUS: Final = "\N{MINUS SIGN}"

# First word of a character's Unicode name: the script's code (ISO 15924), and the languages that are written in it.
# Where there is one language only, it is told by the script alone.
_SCRIPTS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "CYRILLIC": ("Cyrl", frozenset({"ru", "uk", "bg", "sr", "be", "mk", "kk", "ky", "mn", "tg"})),
    "ARABIC": ("Arab", frozenset({"ar", "fa", "ur", "ps", "ckb", "sd", "ug"})),
    "DEVANAGARI": ("Deva", frozenset({"hi", "mr", "ne", "sa"})),
    "CJK": ("Hani", frozenset({"zh", "ja", "ko"})),
    "BENGALI": ("Beng", frozenset({"bn", "as"})),
    "ETHIOPIC": ("Ethi", frozenset({"am", "ti"})),
    "HEBREW": ("Hebr", frozenset({"he"})),
    "GREEK": ("Grek", frozenset({"el"})),
    "HANGUL": ("Hang", frozenset({"ko"})),
    "HIRAGANA": ("Hira", frozenset({"ja"})),
    "KATAKANA": ("Kana", frozenset({"ja"})),
    "THAI": ("Thai", frozenset({"th"})),
    "TAMIL": ("Taml", frozenset({"ta"})),
    "TELUGU": ("Telu", frozenset({"te"})),
    "GEORGIAN": ("Geor", frozenset({"ka"})),
    "ARMENIAN": ("Armn", frozenset({"hy"})),
}
_NOT_LATIN: Final = frozenset[str]().union(*(languages for _, languages in _SCRIPTS.values()))


def tongue(name: str, locale: str | None) -> str | None:
    """The language to read a name in, for `lang`; None where only the page's own could be guessed.

    A person may read mail in English and write the name in Hangul: the script decides, and the locale where it fits.
    """
    language = (locale or "").split("-")[0]
    word = next((unicodedata.name(letter, "").split(" ")[0] for letter in name if letter.isalpha()), "")
    if word not in _SCRIPTS:
        return locale if word == "LATIN" and language not in _NOT_LATIN else None
    script, languages = _SCRIPTS[word]
    if language in languages:
        return locale
    return next(iter(languages)) if len(languages) == 1 else f"und-{script}"


def number(count: int) -> str:
    """A number at the beginning of a sentence: in words up to twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def calendar_day(iso: str) -> str:
    """A day without an hour, as services tell it: `Wed 30 June 2027`."""
    on = date.fromisoformat(iso)
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year}"


@dataclass(frozen=True)
class Clock:
    """Tells times to one reader: in their zone, which is always named, and against the moment of the page."""

    now: datetime
    zone: ZoneInfo

    def iso(self, at: datetime) -> str:
        """For the attribute `datetime`."""
        return at.astimezone(self.zone).isoformat(timespec="minutes")

    def moment(self, at: datetime) -> str:
        """`Tue 24 Nov, 09:40 EST`."""
        local = at.astimezone(self.zone)
        return f"{self._weekday(local)}, {local:%H:%M} {zone_word(local)}"

    def near(self, at: datetime) -> str:
        """What stands before a moment in a sentence: `today,` or `tomorrow,` or `on`."""
        days = (at.astimezone(self.zone).date() - self.now.astimezone(self.zone).date()).days
        return {0: "today, ", 1: "tomorrow, "}.get(days, "on ")

    def day(self, at: datetime) -> str:
        """`2 October`, with the year where it is another."""
        local = at.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]}" + self._year(local)

    def date(self, at: datetime) -> str:
        """`2 October 2026`, whichever year it is."""
        local = at.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def span(self, starts_at: datetime, ends_at: datetime) -> str:
        """`Thu 3 Dec, 16:30 to 17:00 EST`."""
        start, end = starts_at.astimezone(self.zone), ends_at.astimezone(self.zone)
        if start.date() != end.date() or zone_word(start) != zone_word(end):
            return f"{self.moment(starts_at)} to {self.moment(ends_at)}"
        return f"{self._weekday(start)}, {start:%H:%M} to {end:%H:%M} {zone_word(end)}"

    def greeting(self) -> str:
        """`Good morning`, by the reader's own clock."""
        hour = self.now.astimezone(self.zone).hour
        return "Good morning" if hour < _NOON else "Good afternoon" if hour < _EVENING else "Good evening"

    def _weekday(self, local: datetime) -> str:
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1][:3]}" + self._year(local)

    def _year(self, local: datetime) -> str:
        return "" if local.year == self.now.astimezone(self.zone).year else f" {local.year}"


def zone_word(local: datetime) -> str:
    """`EST`, or `UTC+4` where the zone has no name of its own."""
    name = local.tzname() or ""
    return name if name.isalpha() else offset(local)


def offset(local: datetime) -> str:
    """Hours from UTC, with minutes where there are any."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{_MINUS if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def place(zone: ZoneInfo, now: datetime) -> str:
    """`New York, EST`, and how far that is from UTC at a moment."""
    local = now.astimezone(zone)
    city = zone.key.rsplit("/", 1)[-1].replace("_", " ")
    word = zone_word(local)
    return f"{city}, {word}" + (f" ({offset(local)})" if word not in {offset(local), "UTC"} else "")
