"""Lets the stepped clock follow real time after the story; it stops at every due instant, in order, and never overtakes one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import asyncpg

from deploy.local.platform import Platform
from deploy.local.waiting import until
from deploy.story.quiet import DueTimes

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
