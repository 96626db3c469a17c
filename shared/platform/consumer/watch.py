"""A limit of time for each of many short pieces of work; one timer serves all of them, because one each is dear."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def watched(seconds: float) -> AsyncGenerator[Callable[[], None]]:
    """End what is under way with TimeoutError when it takes longer than `seconds`.

    The function that is given begins the next piece of work: the time counts from its last call.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def begin() -> None:
        nonlocal begun
        begun = loop.time()

    def look() -> None:
        nonlocal timer
        if loop.time() < begun + seconds:
            timer = loop.call_at(begun + seconds, look)
        else:
            limit.reschedule(loop.time())

    async with asyncio.timeout(None) as limit:
        timer = loop.call_at(begun + seconds, look)
        try:
            yield begin
        finally:
            timer.cancel()
