"""A body is read whole, in time, and as JSON only where it is JSON through and through."""

import asyncio
from collections.abc import Awaitable, Callable
from json import JSONDecodeError
from typing import Any

import pytest
from fastapi import Request

from shared.platform.http import MIB, bodies
from shared.platform.http.refusals import BodyTooSlow


def a_request(receive: Callable[[], Awaitable[Any]]) -> Request:
    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def json_of(body: bytes) -> Any:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    whole = await bodies.read(a_request(receive), MIB)
    return await whole.json()


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"\\ud800": 1}',
        b'["\\udc00"]',
        b"[" * 300 + b"]" * 300,
        b"1" * 5000,
        b"\xff",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": null, "c": 1, "a": null}}]',
    ],
)
async def test_what_is_not_json_through_and_through_is_refused_without_being_quoted(body: bytes):
    with pytest.raises(JSONDecodeError) as refused:
        await json_of(body)
    assert refused.value.doc == ""


async def test_json_is_read_with_every_character_that_it_may_hold():
    assert await json_of(b'[{"a": {"a": 1}}, {"a": 2}]') == [{"a": {"a": 1}}, {"a": 2}]
    assert await json_of('{"ü \\u4e2d": ["\\ud83d\\udca9", 1.5, null, true]}'.encode()) == {
        "ü 中": ["💩", 1.5, None, True]
    }


async def test_a_body_that_does_not_come_is_not_waited_for_without_end():
    async def never() -> Any:
        await asyncio.Event().wait()

    request = Request({"type": "http", "method": "POST", "headers": []}, never)
    with pytest.raises(BodyTooSlow):
        await bodies.read(request, MIB, patience_seconds=0.05)
