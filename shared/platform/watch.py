"""What guards a handler: it may not take for ever, and a cancellation that is no shutdown ends only its event."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from shared.platform.errors import OslerError

BATCH_SECONDS: Final = 30.0
"""What a transaction with many pieces of work may take; then each goes alone."""
HANDLER_SECONDS: Final = 10.0
"""What one event or timer may take."""


class TookTooLong(OslerError):
    """The handler did not end within its time; it is tried again by itself."""


@asynccontextmanager
async def watched(seconds: float) -> AsyncGenerator[Callable[[], None]]:
    """End what is under way with TimeoutError when it takes longer than `seconds`.

    The function that is given begins the next piece of work: the time counts from its last call. One timer serves all
    of them, because one each is dear.
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


@contextmanager
def no_stray_cancellation() -> Generator[None]:
    """Turn a CancelledError that is no shutdown into an ordinary failure.

    Awaiting a task that somebody else cancelled looks like a shutdown; let through, it ends the loop for ever.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        message = "stray cancellation"
        raise RuntimeError(message) from error
