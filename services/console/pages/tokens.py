"""Provisioning tokens: made, given a new secret, revoked by administrators; a secret is shown once, by no address."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from services.console.commands import Question
from services.console.domain.refusals import CommandRefused
from services.console.pages.access import Asked
from services.console.pages.asking import ask, go_to, renewing, show
from services.console.pages.look import NOT_DONE, Notice
from services.console.pages.pairs import key_of
from services.console.pages.parts import Parts
from shared.platform.http.refusals import status_of

_PAGE: Final = "/tokens"
_API: Final = "/provisioning-tokens"


@renewing
async def list_tokens(parts: Parts, asked: Asked) -> Response:
    """The institution's tokens, revoked ones too, and the form that makes one."""
    return await _list(parts, asked)


@renewing
async def add_token(parts: Parts, asked: Asked) -> Response:
    """Make a token and show its secret this once."""
    form = {"name": asked.form.get("name", "").strip()}
    try:
        made = await ask(parts, asked, Question("POST", "directory", _API, form=form, key=key_of(asked)))
    except CommandRefused as error:
        return await _refused(parts, asked, error)
    return await _issue(parts, asked, UUID(made.document["token_id"]))


@renewing
async def issue_secret(parts: Parts, asked: Asked) -> Response:
    """A new secret, shown this once; the one before opens nothing any more."""
    return await _issue(parts, asked, asked.id_of("token_id"))


@renewing
async def revoke_token(parts: Parts, asked: Asked) -> Response:
    """Let a token open nothing any more."""
    address = f"{_API}/{asked.id_of('token_id')}/revoke"
    try:
        await ask(parts, asked, Question("POST", "directory", address, key=key_of(asked)))
    except CommandRefused as error:
        return await _refused(parts, asked, error)
    return go_to(parts, _PAGE, "token_revoked")


async def _issue(parts: Parts, asked: Asked, token_id: UUID) -> Response:
    try:
        issued = await ask(parts, asked, Question("PUT", "directory", f"{_API}/{token_id}/secret"))
    except CommandRefused as error:
        return await _refused(parts, asked, error)
    return await _list(parts, asked, issued=issued.document)


async def _refused(parts: Parts, asked: Asked, error: CommandRefused) -> Response:
    return await _list(parts, asked, notice=Notice(NOT_DONE, str(error)), status=status_of(type(error)))


async def _list(
    parts: Parts,
    asked: Asked,
    *,
    issued: Mapping[str, Any] | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    after = asked.request.query_params.get("after") if asked.request.method == "GET" else None
    query = {"limit": "200"} | ({"after": after} if after else {})
    told = await ask(parts, asked, Question("GET", "directory", _API, query=query))
    content = {"tokens": told.document["items"], "next": told.document["next"], "issued": issued}
    return await show(parts, asked, "tokens.html", content, notice=notice, status=status)
