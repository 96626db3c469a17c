"""What somebody says of themselves, and a mentor's fields for introductions; a refusal keeps what was written."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused
from services.console.pages.access import Asked
from services.console.pages.asking import ask, go_to, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of, seen_of
from services.console.pages.parts import Parts
from services.console.pages.week import DAYS, NoSuchTime, read_week, write_week
from shared.platform.http.refusals import status_of

_PAGE: Final = "/profile"
_STAGES: Final[Mapping[str, str]] = {
    "training": "In training",
    "early": "Up to 5 years after training",
    "middle": "Up to 15 years after training",
    "late": "More than 15 years after training",
    "emeritus": "Retired",
}
_NO_TIME: Final = "A time of the week is not written as 09:00-12:30. Nothing was saved. Correct it, then press."
_REFUSALS: Final[Mapping[str, str]] = {
    "stale_revision": "Your profile was changed elsewhere in the same moment. Nothing was saved. "
    "Your words are below: press once more to put them in its place.",
    "unknown_goal": "One of these goals is in the list no more. Nothing was saved. Choose again, then press.",
    "overlapping_availability": "Two of these times overlap, or one ends before it begins. Nothing was saved. "
    "Correct them, then press.",
    "no_mentor": "You are no mentor of your hospital. Nothing was saved.",
}


@renewing
async def show_profile(parts: Parts, asked: Asked) -> Response:
    """What the person says of themselves now."""
    return await _show(parts, asked)


@renewing
async def set_profile(parts: Parts, asked: Asked) -> Response:
    """Say what is so now; other services hear all of it but the text."""
    try:
        form = _form(asked.form)
    except NoSuchTime:
        return await _show(parts, asked, Notice(NOT_DONE, _NO_TIME), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await ask(parts, asked, Question("PUT", "directory", _PAGE, form=form, seen=seen_of(asked)))
    except CommandRefused as error:
        return await _refused(parts, asked, error)
    return go_to(parts, _PAGE, "profile_saved")


@renewing
async def set_fields(parts: Parts, asked: Asked) -> Response:
    """Say in what one can introduce somebody, as a mentor."""
    fields = [line.strip() for line in asked.form.get("fields", "").splitlines() if line.strip()]
    key_of(asked)  # a form of ours has one, though saying the same twice is the same as once
    try:
        await ask(parts, asked, Question("PUT", "pairing", "/introduction-fields", form={"fields": fields}))
    except CommandRefused as error:
        return await _refused(parts, asked, error)
    return go_to(parts, _PAGE, "fields_saved")


def _form(form: Mapping[str, str]) -> dict[str, Any]:
    """What the directory is told; raises NoSuchTime."""
    tags = form.get("languages", "").replace(",", " ").split()
    goals = [name.removeprefix("goal-") for name in form if name.startswith("goal-")]
    return {
        "stage": form.get("stage") or None,
        "languages": tags,
        "goals": goals,
        "goals_text": form.get("goals_text", "").replace("\r\n", "\n").strip() or None,
        "time_zone": form.get("time_zone", "").strip() or None,
        "availability": read_week({day: form.get(f"day-{day}", "") for day in DAYS}),
    }


async def _refused(parts: Parts, asked: Asked, error: CommandRefused) -> Response:
    notice = Notice(NOT_DONE, _REFUSALS.get(error.refusal, str(error)))
    return await _show(parts, asked, notice, status_of(type(error)))


async def _show(parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200) -> Response:
    told = await ask(parts, asked, Question("GET", "directory", _PAGE))
    is_mentor = "mentor" in asked.who.session.person.roles
    fields: Sequence[str] = []
    if is_mentor:
        fields = (await ask(parts, asked, Question("GET", "pairing", "/introduction-fields"))).document["fields"]
    written = asked.form if "languages" in asked.form else _said(told.document)
    content = {
        "written": written,
        "seen": told.etag,
        "choices": told.document["goal_choices"],
        "stages": _STAGES,
        "days": DAYS,
        "is_mentor": is_mentor,
        "fields": asked.form.get("fields", "\n".join(fields)),
    }
    return await show(parts, asked, "profile.html", content, notice=notice, status=status)


def _said(profile: Mapping[str, Any]) -> dict[str, str]:
    """A profile as its form holds it."""
    week = write_week(profile["availability"])
    return {
        "stage": profile["stage"] or "",
        "languages": ", ".join(profile["languages"]),
        "goals_text": profile["goals_text"] or "",
        "time_zone": profile["time_zone"] or "",
        **{f"goal-{code}": "yes" for code in profile["goals"]},
        **{f"day-{day}": text for day, text in week.items()},
    }
