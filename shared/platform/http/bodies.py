"""Reading a body before any transaction opens: bounded in bytes and in time, whatever Content-Length says."""

import asyncio
from json import JSONDecodeError
from typing import Any, Final

from fastapi import Request
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from shared.platform.http.refusals import BodyCutShort, BodyTooLarge, BodyTooSlow, UnsupportedMediaType

_PATIENCE_SECONDS: Final = 30.0
_LONGEST_LENGTH: Final = 15  # digits; longer ones are too large, and reading them as numbers would be work for nothing


class WholeRequest(Request):
    """A request whose body is here in full, so that it can be served again when its transaction must be repeated."""

    async def json(self) -> Any:
        """The body as JSON (RFC 8259, without NaN and half characters, 200 levels at most); raises JSONDecodeError."""
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError:
            message = "not JSON"
            raise JSONDecodeError(message, "", 0) from None  # without the text: it is the caller's

    async def refuse_other_than(self, media_type: str) -> None:
        """Raise UnsupportedMediaType for a body of another Content-Type; no body is no matter."""
        said = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if said != media_type and await self.body():
            raise UnsupportedMediaType


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
