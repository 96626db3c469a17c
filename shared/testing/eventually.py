"""Waiting for an outcome with a deadline and a readable failure, instead of sleeping."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 10.0, every: float = 0.05) -> T:
    """Ask until the answer is true in Python's sense, and give it; fail with the last answer after `within` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        answer = await probe()
        if answer:
            return answer
        if loop.time() > deadline:
            message = f"not within {within} s; the last answer was {answer!r}"
            raise AssertionError(message)
        await asyncio.sleep(every)  # noqa: TID251 - the one place where a test waits
