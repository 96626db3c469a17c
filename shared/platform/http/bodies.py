"""Reading a body before any transaction opens: bounded in bytes and in time, whatever Content-Length says."""

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from fastapi import Request, Response
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from shared.platform.http.refusals import BodyCutShort, BodyTooLarge, BodyTooSlow, UnsupportedMediaType

_PATIENCE_SECONDS: Final = 30.0
_LONGEST_LENGTH: Final = 15  # digits; longer ones are too large, and reading them as numbers would be work for nothing
_THROWN_AWAY_BYTES: Final = 32 * 1024 * 1024
_THROWN_AWAY_SECONDS: Final = 2.0


class WholeRequest(Request):
    """A request whose body is here in full, so that it can be served again when its transaction must be repeated."""

    async def json(self) -> Any:
        """The body as I-JSON (RFC 7493: no NaN, no half character, no name twice), of 200 levels at most.

        Raises JSONDecodeError.
        """
        body = await self.body()
        try:
            value = from_json(body, allow_inf_nan=False)
            json.loads(body, object_pairs_hook=_refuse_repetition)  # it alone shows what a repeated name said first
        except ValueError:
            message = "not JSON"
            raise json.JSONDecodeError(message, "", 0) from None  # without the text: it is the caller's
        return value

    async def refuse_other_than(self, media_types: Collection[str]) -> None:
        """Raise UnsupportedMediaType for a body of another Content-Type; no body is no matter."""
        said = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if said not in media_types and await self.body():
            raise UnsupportedMediaType


def _refuse_repetition(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise ValueError


async def read(request: Request, most: int, *, patience_seconds: float = _PATIENCE_SECONDS) -> WholeRequest:
    """The request with its whole body of at most `most` bytes; raises BodyTooLarge, BodyTooSlow, BodyCutShort."""
    said = request.headers.get("content-length", "0")
    if len(said) > _LONGEST_LENGTH or (said.isdigit() and int(said) > most):
        raise BodyTooLarge
    whole = WholeRequest(request.scope, _bounded(request.receive, most))
    try:
        async with asyncio.timeout(patience_seconds):
            await whole.body()
    except ClientDisconnect:
        raise BodyCutShort from None
    except TimeoutError:
        raise BodyTooSlow from None
    return whole


def _bounded(receive: Receive, most: int) -> Receive:
    left = most

    async def receive_within() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BodyTooLarge
        return message

    return receive_within


class LastAnswer(Response):
    """An answer that ends the connection, and first throws away what the client is still sending: 32 MiB, 2 s at most.

    A connection that is closed with bytes unread is reset, and a reset takes the answer out of the client's hands.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the whole answer, throw the rest of the request away, and end the answer only then."""
        self.headers["Connection"] = "close"
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(_THROWN_AWAY_SECONDS):
                await _throw_away(receive)
        await send({"type": "http.response.body", "body": b""})


async def _throw_away(receive: Receive) -> None:
    left = _THROWN_AWAY_BYTES
    more = True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)
