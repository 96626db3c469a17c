"""A worker that fires what is due: `python -m tests.bench.firing` begins with a line on standard input.

Each timer says one event; it writes a line when it can begin, and one when nothing is due any more.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, LiteralString
from uuid import UUID

from shared.contracts.meetings import MeetingMoved
from shared.platform import outbox
from shared.platform.database import Database, Transaction
from shared.platform.settings import PlatformSettings
from shared.platform.timers import Timer, Timers
from shared.platform.timers.fire import Firer

_NOBODY = UUID(int=0)
_THEN = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


class MoveDue(Timer):
    """Its subject's first event is said when it is due."""

    kind: ClassVar[str] = "move_due"
    lock: ClassVar[LiteralString] = (
        "SELECT subject_id FROM subjects WHERE subject_id = ANY($1) ORDER BY subject_id FOR UPDATE SKIP LOCKED"
    )


async def fire(tx: Transaction, timer: MoveDue) -> None:
    """Say the event."""
    event = MeetingMoved(
        meeting_id=timer.subject_id,
        pair_id=timer.subject_id,
        mentor_id=_NOBODY,
        mentee_id=_NOBODY,
        moved_by=_NOBODY,
        starts_at=_THEN,
        ends_at=_THEN,
        version=1,
        occurred_at=_THEN,
        institution_ids=(_NOBODY,),
    )
    await outbox.publish(tx, event)


async def fire_many(tx: Transaction, timers: Sequence[MoveDue]) -> None:
    """Say the event of each."""
    for timer in timers:
        await fire(tx, timer)


def clock() -> Timers:
    """The one kind of timer."""
    timers = Timers("meetings")
    timers.on_many(MoveDue)(fire_many)
    return timers


async def work(settings: PlatformSettings) -> None:
    """Fire until nothing is due."""
    async with Database.open(settings.worker_database, schema="meetings") as database:
        firer = Firer(database, clock())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        while await firer.fire_due():
            continue
    sys.stdout.write("done\n")


if __name__ == "__main__":
    asyncio.run(work(PlatformSettings.read()))
