"""Tells open pages that something of their institution changed; it carries no data, and takes so many pages."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.console.domain.refusals import TooManyWatchers
from shared.platform.database import Transaction
from shared.platform.errors import Unavailable
from shared.platform.loops import rest
from shared.platform.members import Person
from shared.platform.telemetry import gauge, logger

MOST: Final = 500
"""Open pages that one process keeps informed; the others are plain pages."""
MOST_EACH: Final = 8
"""Open pages of one person."""

_POLL_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.05  # one look for a burst of commits
_STEP_SECONDS: Final = 15 * 60  # words such as "tomorrow" grow old without any event

_OPEN: Final = gauge("osler_console_open_pages", "Pages that are told of changes.")
_log = logger("live")

Read = Callable[[Sequence[UUID]], Awaitable[tuple[datetime, dict[UUID, int]]]]


def state_of(revision: int, now: datetime) -> str:
    """What a page was made from: it is out of date as soon as this is another word."""
    return f"{revision}-{int(now.timestamp()) // _STEP_SECONDS}"


@dataclass(eq=False)
class Watcher:
    """One open page."""

    person: Person
    state: str = ""
    has_ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, state: str) -> None:
        """Let the page know what it should be made from now."""
        if state != self.state:
            self.state = state
            self._news.set()

    def end(self) -> None:
        """Let the page go."""
        self.has_ended = True
        self._news.set()

    async def next(self, seen: str, within_seconds: float) -> str | None:
        """The first state that is not `seen`; None when there was none in time, or the end came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while not self.has_ended:
                    self._news.clear()
                    if self.state not in {"", seen}:
                        return self.state
                    await self._news.wait()
        return None


class Hub:
    """The open pages of one process. It looks once a second for all of them, and at once after a commit here."""

    def __init__(self, read: Read, stopping: asyncio.Event) -> None:
        self._read = read
        self._stopping = stopping
        self._watchers: set[Watcher] = set()
        self._woken = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._has_closed = False

    def wake(self, tx: Transaction) -> None:
        """Look now: a batch of events was applied in this process."""
        if tx.door == "consumer" and self._watchers:
            self._woken.set()

    def close(self) -> None:
        """Let every page go, and take no other."""
        self._has_closed = True
        for watcher in self._watchers:
            watcher.end()

    def refuse_too_many(self, person: Person) -> None:
        """Raise TooManyWatchers where there is no room for another page of this person's."""
        own = sum(1 for watcher in self._watchers if watcher.person.person_id == person.person_id)
        is_closed = self._has_closed or self._stopping.is_set()
        if is_closed or len(self._watchers) >= MOST or own >= MOST_EACH:
            raise TooManyWatchers

    @asynccontextmanager
    async def watch(self, person: Person) -> AsyncGenerator[Watcher]:
        """Be told of changes while this is open; raises TooManyWatchers."""
        self.refuse_too_many(person)
        watcher = Watcher(person)
        self._watchers.add(watcher)
        _OPEN.set(len(self._watchers))
        self._woken.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="look-for-changes")
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            _OPEN.set(len(self._watchers))  # without any, the look ends by itself

    async def _look(self) -> None:
        while self._watchers:
            with suppress(TimeoutError):  # without a commit here, another process may have changed something
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            if self._stopping.is_set():
                self.close()
                return
            try:
                now, revisions = await self._read(list({watcher.person.institution_id for watcher in self._watchers}))
            except Unavailable as error:
                _log.info("live_waits", error=type(error).__name__)
                await rest(_POLL_SECONDS)
                continue
            for watcher in self._watchers:
                watcher.tell(state_of(revisions.get(watcher.person.institution_id, 0), now))
            await rest(_GATHER_SECONDS)
