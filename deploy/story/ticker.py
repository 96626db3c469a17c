"""Lets the stepped clock follow real time after the story; it never passes a due instant without stopping there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import asyncpg

from deploy.local.platform import Platform
from deploy.local.waiting import until
from deploy.story.due import Connection, DueTimes

_EVERY_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 10.0
_BACK: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Ticker:
    """The clock's hand while people look around; what is due gets its moment, and what fails cannot hold up time."""

    def __init__(
        self, connection: Connection, due: DueTimes, now: datetime, wait_seconds: float = _WAIT_SECONDS
    ) -> None:
        self._connection = connection
        self._due = due
        self._wait_seconds = wait_seconds
        self.now = now

    async def tick(self, target: datetime) -> None:
        """Let it become `target`, with a stop at each due instant before."""
        while (stop := await self._due.after(self.now)) is not None and stop <= target:
            await self._stand_at(stop)
            await until(self._nothing_is_due, self._wait_seconds)
        await self._stand_at(target)

    async def _nothing_is_due(self) -> bool:
        return await self._due.latest_by(self.now) is None

    async def _stand_at(self, instant: datetime) -> None:
        await self._connection.execute("UPDATE osler_local.clock SET now = $1", instant)
        self.now = instant


@asynccontextmanager
async def following_real_time(platform: Platform) -> AsyncGenerator[None]:
    """While the block runs, business time passes as real time does."""
    task = asyncio.create_task(_follow(platform))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(platform: Platform) -> None:
    while True:
        with suppress(*_BACK):  # the database is started again when it ends, and the clock goes on from where it stood
            connection: Connection = await asyncpg.connect(platform.postgres.admin_url, ssl=False)
            try:
                await _follow_over(connection, list(platform.services))
            finally:
                await connection.close()
        await asyncio.sleep(_EVERY_SECONDS)  # noqa: TID251 - this is the clock


async def _follow_over(connection: Connection, services: list[str]) -> None:
    began: datetime = await connection.fetchval("SELECT now FROM osler_local.clock")
    since = monotonic()
    ticker = Ticker(connection, await DueTimes.of(connection, services), began)
    while True:
        await ticker.tick(began + timedelta(seconds=monotonic() - since))
        await asyncio.sleep(_EVERY_SECONDS)  # noqa: TID251 - this is the clock
