"""Roster imports: a file is sent, each row is shown before anybody is changed, and an import is taken back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused, NoSuchPage, StaleForm
from services.console.pages.access import Asked
from services.console.pages.asking import ask, go_to, known, people_in, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of
from services.console.pages.parts import Parts
from services.console.pages.roster_words import COLUMNS, KINDS, LEFT, REASONS, REFUSALS, STATES, TAKEN
from shared.platform.http.refusals import status_of

_WORDS: Final[Mapping[str, Any]] = {
    "columns": COLUMNS,
    "kinds": KINDS,
    "left": LEFT,
    "reasons": REASONS,
    "states": STATES,
    "taken": TAKEN,
}
_ROWS: Final = 100
_QUESTIONS: Final = 40
"""Rows on a page whose people are asked about: each is a field of its form."""
_PATIENCE_SECONDS: Final = 30.0
"""How long a roster of 10,000 rows may take to be read or imported, and some more."""
_WHO: Final = "who-"
_NEW: Final = "new"


@renewing
async def list_rosters(parts: Parts, asked: Asked) -> Response:
    """The form that sends a file, and the imports before it."""
    return await _list(parts, asked)


@renewing
async def send_roster(parts: Parts, asked: Asked) -> Response:
    """A file becomes a preview; what was wrong with it stands above the form."""
    if not asked.file:
        return await _list(parts, asked, Notice(NOT_DONE, "No file came, or an empty one. Choose a file, then press."))
    stated = {name: text for name in COLUMNS if (text := asked.form.get(f"column-{name}", "").strip())}
    try:
        told = await ask(parts, asked, _question("POST", query=stated, file=asked.file, key=key_of(asked)))
    except CommandRefused as error:
        return await _list(parts, asked, _notice(error), status_of(type(error)), stated)
    return go_to(parts, f"/rosters/{told.document['import_id']}")


@renewing
async def show_roster(parts: Parts, asked: Asked) -> Response:
    """What each row of a file would do, or did."""
    return await _show(parts, asked)


@renewing
async def apply_roster(parts: Parts, asked: Asked) -> Response:
    """Import all rows, or the good ones."""
    path, rows = f"/{asked.id_of('import_id')}/apply", asked.form.get("rows", "")
    form = {"rows": rows, "decisions": _decisions(asked.form)}
    if rows not in {"all", "good"}:
        raise StaleForm
    try:
        await ask(parts, asked, _question("POST", path, form=form, key=key_of(asked)))
    except CommandRefused as error:
        return await _show(parts, asked, _notice(error), status_of(type(error)))
    return go_to(parts, f"/rosters/{asked.id_of('import_id')}", "roster_applied")


@renewing
async def ask_revert(parts: Parts, asked: Asked) -> Response:
    """What taking an import back would change, and what changed since and stays."""
    try:
        told = await ask(parts, asked, _question("GET", f"/{asked.id_of('import_id')}/revert"))
    except CommandRefused as error:
        return await _show(parts, asked, _notice(error), status_of(type(error)))
    people: Sequence[Mapping[str, Any]] = told.document["people"]
    names = await known(parts, asked, people_in(people, "person_id"))
    return await show(parts, asked, "roster-revert.html", {**_WORDS, "revert": told.document, "names": names})


@renewing
async def revert_roster(parts: Parts, asked: Asked) -> Response:
    """Take an import back, as far as nothing changed since."""
    try:
        await ask(parts, asked, _question("POST", f"/{asked.id_of('import_id')}/revert", key=key_of(asked)))
    except CommandRefused as error:
        return await _show(parts, asked, _notice(error), status_of(type(error)))
    return go_to(parts, f"/rosters/{asked.id_of('import_id')}", "roster_reverted")


async def _list(
    parts: Parts,
    asked: Asked,
    notice: Notice | None = None,
    status: int = 200,
    stated: Mapping[str, str] | None = None,
) -> Response:
    query = {"limit": "50"}
    if cursor := asked.request.query_params.get("after"):
        query["after"] = cursor
    told = await ask(parts, asked, _question("GET", query=query))
    content = {**_WORDS, "imports": told.document["items"], "next": told.document["next"], "stated": stated or {}}
    return await show(parts, asked, "rosters.html", content, notice=notice, status=status)


async def _show(parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200) -> Response:
    told = await ask(parts, asked, _question("GET", f"/{asked.id_of('import_id')}"))
    roster = told.document
    kind, first = _view(asked, roster)
    of_kind = [row for row in roster["rows"] if row["kind"] == kind]
    most = _QUESTIONS if kind == "unsure" else _ROWS
    shown = of_kind[first : first + most]
    content = {
        **_WORDS,
        "roster": roster,
        "kind": kind,
        "first": first,
        "shown": shown,
        "more": first + most if first + most < len(of_kind) else None,
        "names": await known(parts, asked, [UUID(one) for row in shown for one in row["candidates"]]),
    }
    return await show(parts, asked, "roster.html", content, notice=notice, status=status)


def _question(method: Literal["GET", "POST"], path: str = "", **what: Any) -> Question:
    return Question(method, "directory", f"/roster-imports{path}", patience_seconds=_PATIENCE_SECONDS, **what)


def _view(asked: Asked, roster: Mapping[str, Any]) -> tuple[str, int]:
    """Which rows the address asks for, and from which on: else those that need somebody most."""
    kind = asked.request.query_params.get("kind") or next((each for each in KINDS if roster["counts"][each]), "same")
    first = asked.request.query_params.get("from", "0")
    if kind not in KINDS or not first.isdecimal() or len(first) > len("10000"):
        raise NoSuchPage
    return kind, int(first)


def _decisions(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who the rows are that somebody decided about; a row that is left out is not among them."""
    decided = {name.removeprefix(_WHO): who for name, who in form.items() if name.startswith(_WHO) and who}
    try:
        return [{"row": int(row), "person_id": None if who == _NEW else str(UUID(who))} for row, who in decided.items()]
    except ValueError:
        raise StaleForm from None


def _notice(error: CommandRefused) -> Notice:
    return Notice(NOT_DONE, f"{error} {REFUSALS.get(error.refusal, '')}".strip())
