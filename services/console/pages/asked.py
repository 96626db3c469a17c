"""A mentor is asked: says yes, or not now for reasons that nobody else reads, and takes nobody new while they like."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused, StaleForm
from services.console.pages.access import FIRST_PAGE, Asked
from services.console.pages.asking import ask, go_to, known, people_in, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of, seen_of, words_of
from services.console.pages.parts import Parts
from services.console.pages.request_words import CHOICES, NOT_NOW, REFUSALS
from shared.platform.http.refusals import status_of

_PAGE: Final = "/asked"
_OF_MENTEES: Final = frozenset({"request_closed", "request_lapsed", "stale_revision", "intake_not_found"})
"""Refusals that read for a mentor as for a mentee; those about places are told as with a proposal."""


@renewing
async def list_asked(parts: Parts, asked: Asked) -> Response:
    """What asks this mentor, or asked them, and whether they take anybody new."""
    return await _list(parts, asked)


@renewing
async def show_asked(parts: Parts, asked: Asked) -> Response:
    """One request that waits for this mentor, with both answers."""
    return await _show(parts, asked)


@renewing
async def accept_asked(parts: Parts, asked: Asked) -> Response:
    """Say yes."""
    return await _answer(parts, asked, asked.id_of("choice_id"), "accept", None)


@renewing
async def decline_asked(parts: Parts, asked: Asked) -> Response:
    """Say not now, with a reason for oneself alone, and take nobody new from now on where that is ticked."""
    choice_id = asked.id_of("choice_id")
    reason = asked.form.get("reason") or None
    if reason is not None and reason not in NOT_NOW:
        raise StaleForm
    form = {"reason": reason, "close_intake": "close_intake" in asked.form}
    return await _answer(parts, asked, choice_id, "decline", form)


@renewing
async def close_intake(parts: Parts, asked: Asked) -> Response:
    """Take nobody new."""
    return await _set_intake(parts, asked, "close")


@renewing
async def open_intake(parts: Parts, asked: Asked) -> Response:
    """Take mentees again."""
    return await _set_intake(parts, asked, "open")


async def _answer(parts: Parts, asked: Asked, choice_id: UUID, act: str, form: dict[str, Any] | None) -> Response:
    address = f"/choices/{choice_id}/{act}"
    seen = seen_of(asked)
    try:
        await ask(parts, asked, Question("POST", "pairing", address, form=form, seen=seen, key=key_of(asked)))
    except CommandRefused as error:
        return await _show(parts, asked, _notice(error), status_of(type(error)))
    return go_to(parts, FIRST_PAGE, {"accept": "accept", "decline": "not_now"}[act], soon=True)


async def _set_intake(parts: Parts, asked: Asked, act: str) -> Response:
    try:
        await ask(parts, asked, Question("POST", "pairing", f"/intake/{act}", key=key_of(asked)))
    except CommandRefused as error:
        return await _list(parts, asked, _notice(error), status_of(type(error)))
    return go_to(parts, _PAGE, f"intake_{act}")


async def _list(parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200) -> Response:
    after = asked.request.query_params.get("after") if asked.request.method == "GET" else None
    query = {"limit": "50"} | ({"after": after} if after else {})
    told = await ask(parts, asked, Question("GET", "pairing", "/choices", query=query))
    intake = await ask(parts, asked, Question("GET", "pairing", "/intake"))
    content = {
        "asks": told.document["items"],
        "next": told.document["next"],
        "accepting": intake.document["accepting"],
        "people": await known(parts, asked, people_in(told.document["items"], "mentee_id")),
        "choices": CHOICES,
    }
    return await show(parts, asked, "asked.html", content, notice=notice, status=status)


async def _show(parts: Parts, asked: Asked, notice: Notice | None = None, status: int = 200) -> Response:
    told = await ask(parts, asked, Question("GET", "pairing", f"/choices/{asked.id_of('choice_id')}"))
    content = {
        "ask": told.document,
        "seen": told.etag,
        "people": await known(parts, asked, people_in([told.document], "mentee_id")),
        "choices": CHOICES,
        "not_now": NOT_NOW,
    }
    return await show(parts, asked, "asked-one.html", content, notice=notice, status=status)


def _notice(error: CommandRefused) -> Notice:
    words = REFUSALS[error.refusal] if error.refusal in _OF_MENTEES else words_of(error)
    return Notice(NOT_DONE, words)
