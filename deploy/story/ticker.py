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
                await _follow_with(connection, list(platform.services))
            finally:
                await connection.close()
        await asyncio.sleep(_EVERY_SECONDS)  # noqa: TID251 - this is the clock


async def _follow_with(connection: Connection, services: list[str]) -> None:
    due = await DueTimes.of(connection, services)
    now: datetime = await connection.fetchval("SELECT now FROM osler_local.clock")
    began, since = now, monotonic()

    async def nothing_is_due() -> bool:
        return await due.latest_by(now) is None

    async def stand_at(instant: datetime) -> datetime:
        await connection.execute("UPDATE osler_local.clock SET now = $1", instant)
        return instant

    while True:
        target = began + timedelta(seconds=monotonic() - since)
        while (stop := await due.after(now)) is not None and stop <= target:
            now = await stand_at(stop)
            await until(nothing_is_due, _WAIT_SECONDS)  # what fails is tried again later; the clock cannot wait for it
        now = await stand_at(target)
        await asyncio.sleep(_EVERY_SECONDS)  # noqa: TID251 - this is the clock
