"""The fake at the edge of the process: a database whose clock can be set, with timers that fire when it passes them."""

from datetime import UTC, datetime
from typing import Final

MONDAY: Final = datetime(2027, 1, 4, 14, 0, tzinfo=UTC)


class Clock:
    """Plays the connection and the due times; `stops` is every instant at which it was set."""

    def __init__(self, *due: datetime, stuck: bool = False) -> None:
        self.due = list(due)
        self.stuck = stuck
        self.stops: list[datetime] = []

    async def execute(self, _: str, instant: datetime) -> None:
        self.stops.append(instant)
        if not self.stuck:
            self.due = [due for due in self.due if due > instant]

    async def after(self, instant: datetime) -> datetime | None:
        return min((due for due in self.due if due > instant), default=None)

    async def latest_by(self, instant: datetime) -> datetime | None:
        return max((due for due in self.due if due <= instant), default=None)
