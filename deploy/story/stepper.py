"""Moves the stepped clock: it stops at every instant at which something is due, and waits there until all is quiet."""

from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from deploy.local.problems import LocalProblem
from deploy.local.waiting import until
from deploy.story.due import Connection, DueTimes
from deploy.story.quiet import Still, Watcher

_TOGETHER: Final = timedelta(minutes=30)
_QUIET_WITHIN_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.02


class NotQuiet(LocalProblem):
    """Something did not come to rest, so the clock was not moved on."""


class Stepper:
    """The hand on the clock. `now` is business time; `stops` counts where it stood."""

    def __init__(
        self,
        connection: Connection,
        watcher: Watcher,
        due: DueTimes,
        now: datetime,
        quiet_within_seconds: float = _QUIET_WITHIN_SECONDS,
    ) -> None:
        self._quiet_within_seconds = quiet_within_seconds
        self._connection = connection
        self._watcher = watcher
        self._due = due
        self.now = now
        self.stops = 0

    async def quiet(self) -> None:
        """Wait until nothing is due, unsent, unread or tried again, seen twice in a row. Raises NotQuiet."""
        since = monotonic()
        last: Still | None = None
        waits: str | None = "the first look"

        async def seen_twice() -> bool:
            nonlocal last, waits
            waits, positions = await self._watcher.waits_for()
            ends = None if waits else await self._watcher.ends_if_read()
            if ends is None:
                waits = waits or "readers of the topics"
                last = None
                return False
            seen = Still(positions, ends)
            twice, last = seen == last, seen
            return twice

        if not await until(seen_twice, self._quiet_within_seconds, every=_LOOK_EVERY_SECONDS):
            message = f"After {monotonic() - since:.0f} s the platform still waits for {waits or 'new events to end'}."
            raise NotQuiet(message)

    async def step_to(self, target: datetime) -> None:
        """Let it become `target`, with a stop at every due instant before; instants within 30 minutes share one."""
        await self.quiet()
        while self.now < target:
            await self.stand_at(await self._next_stop(target))
            await self.quiet()

    async def stand_at(self, instant: datetime) -> None:
        """Let it be this instant, without waiting for what follows."""
        await self._connection.execute("UPDATE osler_local.clock SET now = $1", instant)
        self.now = instant
        self.stops += 1

    async def _next_stop(self, target: datetime) -> datetime:
        due = await self._due.after(self.now)
        # No kind of timer expires within half an hour, so what is due within one may share a stop.
        if due is None or due + _TOGETHER >= target:
            return target
        return await self._due.latest_by(due + _TOGETHER) or target
