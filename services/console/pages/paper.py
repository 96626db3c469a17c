"""A mentor's record as a tagged PDF, PDF/UA-1 and PDF/A-2a; what people wrote is data there and never markup."""

import json
import re
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import typst

from services.console.domain import Name
from services.console.pages import words
from services.console.use_cases.records import NamedRecord

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?=-|$)")
_UNKNOWN: Final = "und"


def print_record(record: NamedRecord) -> bytes:
    """The same record gives the same bytes."""
    contents, as_of = json.dumps(_contents(record)), datetime.fromisoformat(record.document["as_of"])
    try:
        return _compile(contents, as_of, conforms=True)
    except typst.TypstError:
        # No font here draws some letter, so neither standard may be claimed; the text under the tags is whole.
        return _compile(contents, as_of, conforms=False)


def _compile(contents: str, as_of: datetime, *, conforms: bool) -> bytes:
    return typst.compile(
        _template(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"record": contents},
        pdf_standards=["a-2a", "ua-1"] if conforms else [],
        timestamp=as_of,
    )


@cache
def _fonts() -> typst.Fonts:
    """Those that come with the library, and the machine's for letters that they lack."""
    return typst.Fonts()


@cache
def _template() -> bytes:
    return (resources.files("services.console") / "templates" / "record.typ").read_bytes()


def _contents(record: NamedRecord) -> dict[str, Any]:
    """What the template shows, in words."""
    document, mentor = record.document, record.mentor
    clock = words.Clock(datetime.fromisoformat(document["as_of"]), mentor.zone)
    name = _said(record.name(document["mentor_id"]), "a mentor")
    lines: list[dict[str, Any]] = document["pairs"]
    pairs = list(enumerate(lines, start=1))
    return {
        "title": f"Mentoring record of {name['words']}",
        "mentor": name,
        "institution": mentor.institution,
        "as_of": _date(clock, document["as_of"]),
        "total": _tally(document["total"]),
        "counts": {count: str(number) for count, number in document["counts"].items()},
        "levels": [[_level(each["level"]), str(each["mentees"])] for each in document["levels"]],
        "pairs": [_pair(record, clock, number, pair) for number, pair in pairs],
        "notes": [
            {
                "words": {"words": pair["thanks"]["words"], "lang": None},
                "number": str(number),
                "written_on": _date(clock, pair["thanks"]["written_at"]),
            }
            for number, pair in pairs
            if pair["thanks"] is not None
        ],
    }


def _pair(record: NamedRecord, clock: words.Clock, number: int, pair: dict[str, Any]) -> dict[str, Any]:
    """One line; whoever did not consent is not named."""
    until = "today" if pair["ended_at"] is None else _date(clock, pair["ended_at"])
    return {
        "number": str(number),
        "mentee": _said(record.name(pair["mentee_id"]), "not named"),
        "institution": _said(record.name(pair["mentee_institution_id"]), "not known")["words"],
        "level": _level(pair["level"]),
        "period": f"{_date(clock, pair['began_at'])} to {until}",
        "id": pair["pair_id"],
        **_tally(pair["tally"]),
    }


def _tally(tally: dict[str, int]) -> dict[str, str]:
    return {
        "verified": _hours(tally["verified_minutes"]),
        "meetings": str(tally["meetings"]),
        "unconfirmed": str(tally["unconfirmed_meetings"]),
        "touchpoints": str(tally["touchpoints"]),
        "touchpoint_time": _hours(tally["touchpoint_minutes"]),
    }


def _hours(minutes: int) -> str:
    """`12 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min"


def _level(level: str | None) -> str:
    """`PGY-1`, or a word."""
    if level is None:
        return "not known"
    return level.replace("_", "-").upper() if level.startswith("pgy_") else level.capitalize()


def _date(clock: words.Clock, at: str) -> str:
    """Always with its year: paper is read in another one."""
    return clock.date(datetime.fromisoformat(at))


def _said(name: Name | None, otherwise: str) -> dict[str, str | None]:
    """A name with the language to read it in, where that is known."""
    if name is None:
        return {"words": otherwise, "lang": None}
    found = _LANGUAGE.match(words.tongue(*name) or "")
    return {"words": name[0], "lang": None if found is None or found[0] == _UNKNOWN else found[0]}
