"""A mentee looks for a mentor: ranks up to five, sees who is asked and until when, and takes the request back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused, NoSuchPage
from services.console.pages.access import Asked
from services.console.pages.asking import ask, go_to, known, people_in, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of, seen_of
from services.console.pages.parts import Parts
from services.console.pages.request_words import CHOICES, OVER, PASSED_OVER, REFUSALS
from shared.platform.http.refusals import status_of

_MOST: Final = 5
_PAGE: Final = "/requests"


@renewing
async def show_request(parts: Parts, asked: Asked) -> Response:
    """Where the open request stands, or whom one may ask."""
    return await _show(parts, asked)


@renewing
async def send_request(parts: Parts, asked: Asked) -> Response:
    """Ask the mentors in the form, the one who is wished for most first."""
    mentor_ids = _ids([asked.form[name] for name in sorted(asked.form) if name.startswith("mentor-")])
    form = {"mentor_ids": [str(each) for each in mentor_ids]}
    try:
        await ask(parts, asked, Question("POST", "pairing", "/requests", form=form, key=key_of(asked)))
    except CommandRefused as error:
        return await _refused(parts, asked, error, mentor_ids)
    return go_to(parts, _PAGE, "request_sent")


@renewing
async def withdraw_request(parts: Parts, asked: Asked) -> Response:
    """Take the request back, as the person saw it."""
    address = f"/requests/{asked.id_of('request_id')}/withdraw"
    seen = seen_of(asked)
    try:
        await ask(parts, asked, Question("POST", "pairing", address, seen=seen, key=key_of(asked)))
    except CommandRefused as error:
        return await _refused(parts, asked, error, ())
    return go_to(parts, _PAGE, "request_withdrawn")


async def _refused(parts: Parts, asked: Asked, error: CommandRefused, wished: Sequence[UUID]) -> Response:
    notice = Notice(NOT_DONE, REFUSALS.get(error.refusal, str(error)))
    return await _show(parts, asked, notice, status_of(type(error)), wished)


async def _show(
    parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200, wished: Sequence[UUID] = ()
) -> Response:
    told = await ask(parts, asked, Question("GET", "pairing", "/requests", query={"limit": "1"}))
    last: Mapping[str, Any] | None = next(iter(told.document["items"]), None)
    is_open = last is not None and last["state"] == "open"
    wishes = list(wished or _wishes(asked))
    mentors, following = ([], None) if is_open else await _mentors(parts, asked)
    people = wishes + people_in((*mentors, *(last["choices"] if last else ())), "mentor_id")
    content = {
        "request": last,
        "is_open": is_open,
        "seen": f'"{last["revision"]}"' if last else "",
        "wishes": [str(each) for each in wishes],
        "mentors": mentors,
        "next": following,
        "people": await known(parts, asked, people),
        "most": _MOST,
        "choices": CHOICES,
        "over": OVER,
        "passed_over": PASSED_OVER,
        "address": _address,
    }
    return await show(parts, asked, "requests.html", content, notice=notice, status=status)


async def _mentors(parts: Parts, asked: Asked) -> tuple[list[Mapping[str, Any]], str | None]:
    """One page of the mentors whom this person may ask, and where the next begins."""
    after = asked.request.query_params.get("after") if asked.request.method == "GET" else None
    query = {"limit": "50"} | ({"after": after} if after else {})
    told = await ask(parts, asked, Question("GET", "pairing", "/mentors", query=query))
    return told.document["items"], told.document["next"]


def _address(wishes: Sequence[str], after: str | None = None) -> str:
    """The page with these wishes: the address holds what was chosen so far."""
    named = {"wish": ",".join(wishes), "after": after or ""}
    query = "&".join(f"{name}={value}" for name, value in named.items() if value)
    return f"{_PAGE}?{query}" if query else _PAGE


def _wishes(asked: Asked) -> list[UUID]:
    """Whom the address names, in the order of the wishes; raises NoSuchPage for what names nobody."""
    named = asked.request.query_params.get("wish", "") if asked.request.method == "GET" else ""
    return _ids([each for each in named.split(",") if each])


def _ids(texts: Sequence[str]) -> list[UUID]:
    try:
        ids = list(dict.fromkeys(UUID(each) for each in texts))
    except ValueError:
        raise NoSuchPage from None
    if len(ids) > _MOST:
        raise NoSuchPage
    return ids
