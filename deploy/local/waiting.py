"""The one place where local parts wait for something outside this process; refuses to wait without an end."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, every: float = 0.05) -> bool:
    """Ask again and again until the condition holds; False when `seconds` passed first."""
    end = monotonic() + seconds
    while not await condition():
        if monotonic() >= end:
            return False
        await asyncio.sleep(every)  # noqa: TID251 - another program's readiness can only be asked for
    return True
