"""Runs work until it ends or somebody asks it to stop; refuses to leave children behind, however it is asked."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from deploy.local.saying import Say

_ASKED_TWICE: Final = 130
T = TypeVar("T")


def run(work: Callable[[], Coroutine[Any, Any, T]], say: Say) -> T | None:
    """What the work returns; None when Ctrl-C, SIGTERM or a closed terminal ended it, after it cleaned up."""
    return asyncio.run(_until_stopped(work, say))


async def _until_stopped(work: Callable[[], Coroutine[Any, Any, T]], say: Say) -> T | None:
    task = asyncio.create_task(work())
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked:
            os._exit(_ASKED_TWICE)
        asked = True
        say("stopping (once more: at once)")
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if asked:
            return None
        raise
