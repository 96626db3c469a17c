"""The forms of a compact: what they begin with, what was typed, and what pairing is sent; they judge nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

MOST_GOALS: Final = 10
_FREE_ROWS: Final = 3
"""Empty rows below the goals that are there; who needs more offers once and then amends, or the form anew."""

TERMS: Final = ("starts_on", "ends_on", "meeting_interval", "meeting_minutes", "touchpoint_interval")

INTERVALS: Final[Mapping[str, str]] = {
    "weekly": "every week",
    "two_weeks": "every two weeks",
    "three_weeks": "every three weeks",
    "monthly": "every month",
    "two_months": "every two months",
    "quarterly": "every three months",
}
SUPPORTS: Final[Mapping[str, str]] = {
    "direct": "Direct: the mentor says what they would do",
    "coach": "Coach: the mentor asks, and you find out",
    "on_request": "On request: the mentor waits to be asked",
}
"""How a mentor supports a goal; the mentee says so."""

Draft = Mapping[str, Any]
"""What a form shows: terms by name, goals as rows or as lines, and words."""


def expectation_draft(compact: Mapping[str, Any]) -> Draft:
    """What somebody said they expect, else the usual terms."""
    said = compact["mine"]
    if said is None:
        return {"terms": compact["usual"], "goals": "", "words": ""}
    return {"terms": said["terms"], "goals": "\n".join(said["goals"]), "words": said["words"] or ""}


def typed_expectation(form: Mapping[str, str]) -> Draft:
    """The same form as it was sent."""
    return {"terms": _typed_terms(form), "goals": form.get("goals", ""), "words": form.get("words", "")}


def expectation(form: Mapping[str, str]) -> dict[str, Any]:
    """What pairing is sent: a goal is a line with something on it."""
    goals = [line.strip() for line in form.get("goals", "").splitlines() if line.strip()]
    return {"terms": _terms(form), "goals": goals, "words": form.get("words", "").strip() or None}


def offer_draft(compact: Mapping[str, Any], part: str) -> Draft:
    """The version that waits or is in force, to be changed; at first one's own terms and the goals of both."""
    version = compact["waiting"] or compact["in_force"]
    if version is not None:
        return {"terms": version["terms"], "goals": _with_free_rows(version["goals"])}
    mine, theirs = compact["mine"], compact["theirs"]
    if mine is None or theirs is None:  # the words were erased with somebody's data
        return {"terms": compact["usual"], "goals": _with_free_rows([])}
    mentees, mentors = (mine, theirs) if part == "mentee" else (theirs, mine)
    named = dict.fromkeys([*mentees["goals"], *mentors["goals"]])
    return {"terms": mine["terms"], "goals": _with_free_rows([_row(text) for text in list(named)[:MOST_GOALS]])}


def typed_offer(form: Mapping[str, str]) -> Draft:
    """The same form as it was sent, with every row that is not empty."""
    rows = [_row(*row) for row in _rows(form)]
    return {"terms": _typed_terms(form), "goals": _with_free_rows(rows)}


def offer(form: Mapping[str, str]) -> dict[str, Any]:
    """What pairing is sent: a row without text is no goal, and a support only where the form asks for one."""
    goals = [
        {"text": text, "goal_id": goal_id or None, "support": support or None} for text, goal_id, support in _rows(form)
    ]
    return {"terms": _terms(form), "goals": goals}


def support(form: Mapping[str, str]) -> dict[str, Any]:
    """What pairing is sent: a goal, and how the mentee wants it supported."""
    return {"goal_id": form.get("goal_id", ""), "support": form.get("support", "")}


def _rows(form: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = [
        (form.get(f"goal_{n}", "").strip(), form.get(f"goal_{n}_id", ""), form.get(f"goal_{n}_support", ""))
        for n in range(1, MOST_GOALS + 1)
    ]
    return [row for row in found if row[0]]


def _row(text: str, goal_id: str = "", support: str = "") -> dict[str, Any]:
    return {"text": text, "goal_id": goal_id, "support": support or "coach"}


def _with_free_rows(goals: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [*goals, *[_row("")] * min(_FREE_ROWS, MOST_GOALS - len(goals))]


def _typed_terms(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form.get(name, "") for name in TERMS}


def _terms(form: Mapping[str, str]) -> dict[str, Any]:
    """The terms; what is no number is sent as it is, for pairing to refuse."""
    terms: dict[str, Any] = _typed_terms(form)
    minutes = terms["meeting_minutes"].strip()
    return terms | {"meeting_minutes": int(minutes) if minutes.isascii() and minutes.isdecimal() else minutes}
