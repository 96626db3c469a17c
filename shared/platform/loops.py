"""Patience: pauses that grow, and loops that go on when the database or Kafka is away; nothing here gives up."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from shared.platform.database import is_nobodys_fault


class Backoff:
    """Growing pauses with jitter, in seconds: `first`, doubled up to `most`."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self.failures = 0

    def next(self) -> float:
        """The next pause: between half and the whole of the doubled step, so that many do not come at once."""
        step = min(self._first * 2.0**self.failures, self._most)
        self.failures = min(self.failures + 1, 60)
        return step * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """Begin with the first pause again."""
        self.failures = 0


async def rest(seconds: float) -> None:
    """The one place where the platform waits for time to pass; never inside a transaction."""
    await asyncio.sleep(seconds)  # noqa: TID251 - the one place


async def forever(step: Callable[[], Awaitable[float]], log: Any, *, longest_pause: float = 5.0) -> None:
    """Repeat a step until cancelled; it gives the seconds to rest before the next.

    A failure of the database's is waited out in silence, any other is logged with its place; both are tried again.
    """
    backoff = Backoff(first=0.1, most=longest_pause)
    while True:
        try:
            pause = await step()
            backoff.reset()
        except Exception as error:
            if not is_nobodys_fault(error):
                log.exception("step_failed")
            pause = backoff.next()
        if pause:
            await rest(pause)
