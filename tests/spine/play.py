"""The play: one process that writes, fires, relays or consumes as told, so that a test can kill it anywhere.

`python -m tests.spine.play --service pairing --doors api,timer,relay --acknowledged FILE --aggregates N --commands N`
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, LiteralString
from uuid import UUID, uuid5

from shared.contracts.meetings import MeetingExpired
from shared.contracts.pairing import PairEvent, PairPaused, PairResumed
from shared.platform import outbox
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.subscribe import subscribe_events
from shared.platform.database import Database, Transaction
from shared.platform.errors import Unavailable
from shared.platform.kafka import make_broker, make_producer
from shared.platform.loops import rest
from shared.platform.relay import Relay
from shared.platform.settings import PlatformSettings
from shared.platform.telemetry import set_up_logging
from shared.platform.timers import Timer, Timers, schedule
from shared.platform.timers.fire import Firer
from tests.spine import faults

NOBODY = UUID(int=0)


class TickDue(Timer):
    """A counter that was bumped says one more thing a moment later."""

    kind: ClassVar[str] = "tick_due"
    lock: ClassVar[LiteralString] = (
        "SELECT pair_id FROM counters WHERE pair_id = ANY($1) ORDER BY pair_id FOR UPDATE SKIP LOCKED"
    )


async def bump(tx: Transaction, pair_id: UUID, kind: type[PairEvent]) -> int:
    """Raise a counter and publish its event; give the new version."""
    await tx.execute(
        """
        INSERT INTO counters (pair_id, version) VALUES ($1, 1)
        ON CONFLICT (pair_id) DO UPDATE SET version = counters.version + 1
        """,
        pair_id,
    )
    row = await tx.get("SELECT version FROM counters WHERE pair_id = $1", pair_id)
    extra = {"reason": "leave", "review_at": tx.now} if kind is PairPaused else {}
    event = kind.model_validate(
        {
            "pair_id": pair_id,
            "mentor_id": NOBODY,
            "mentee_id": NOBODY,
            "mentor_institution_id": NOBODY,
            "mentee_institution_id": NOBODY,
            "version": row["version"],
            "occurred_at": tx.now,
            "institution_ids": (),
            **extra,
        }
    )
    await outbox.publish(tx, event)
    return row["version"]


def pair_ids(seed: str, aggregates: int) -> list[UUID]:
    """The counters of one test, the same in every process of it."""
    return [uuid5(NOBODY, f"{seed} {number}") for number in range(aggregates)]


async def write(
    database: Database, ids: list[UUID], commands: int, acknowledged: Path, slow: float, until: Path | None = None
) -> None:
    """Send commands one after the other, and note each that was acknowledged before the next.

    `slow` seconds pass between an event's row and its commit, so that later rows of others are committed before it.
    Once there is a file `until`, no further command is sent.
    """
    with acknowledged.open("a", buffering=1, encoding="utf-8") as book:
        for number in range(commands):
            if _is_over(until):
                break
            pair_id = ids[number % len(ids)]

            async def command(tx: Transaction, pair_id: UUID = pair_id) -> int:
                version = await bump(tx, pair_id, PairResumed)
                await schedule(tx, TickDue(subject_id=pair_id), tx.now + timedelta(milliseconds=50))
                if slow:
                    await tx.flush()  # the event has its row and its position from here on
                await rest(slow)
                return version

            try:
                version = await database.run(command, door="api")
            except Unavailable:
                book.write("unknown\n")
            else:
                book.write(f"{pair_id} {version}\n")
            await rest(0.01)  # long enough for timers to fall due between the commands


def _is_over(until: Path | None) -> bool:
    return until is not None and until.exists()


def ticking() -> Timers:
    """The publisher's timers."""
    clock = Timers("pairing")

    @clock.on(TickDue)
    async def on_tick_due(tx: Transaction, timer: TickDue) -> None:
        """A tick is one more version of its counter."""
        await bump(tx, timer.subject_id, PairPaused)

    return clock


def listening(name: str) -> EventConsumer:
    """The consumer: each event has one row as its effect, and every hundredth a further event of its own."""
    events = EventConsumer(name)

    async def note(tx: Transaction, event: PairEvent) -> None:
        await tx.execute(
            "INSERT INTO effects (consumer, aggregate_id, version) VALUES ($1, $2, $3)",
            name,
            event.pair_id,
            event.version,
        )
        await outbox.publish(
            tx,
            MeetingExpired(
                meeting_id=uuid5(event.event_id, name),
                pair_id=event.pair_id,
                mentor_id=NOBODY,
                mentee_id=NOBODY,
                version=1,
                occurred_at=tx.now,
                institution_ids=(),
            ),
        )

    events.on(PairPaused)(note)
    events.on(PairResumed)(note)
    return events


async def perform(arguments: argparse.Namespace) -> None:
    """Open the doors that were asked for, and keep them open until SIGTERM or the end of the commands."""
    settings = PlatformSettings.read()
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with AsyncExitStack() as stack:
        app, worker = [
            await stack.enter_async_context(
                Database.open(url, schema=arguments.service, clock=settings.clock, strict=True)
            )
            for url in (settings.app_database, settings.worker_database)
        ]
        loops = await open_doors(arguments, settings, app, worker, stack)
        tasks = [asyncio.create_task(loop) for loop in loops]
        await command(arguments, app)
        if arguments.stay:
            await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def open_doors(
    arguments: argparse.Namespace, settings: PlatformSettings, app: Database, worker: Database, stack: AsyncExitStack
) -> list[Coroutine[None, None, None]]:
    """The loops of the doors that were asked for, not running yet."""
    doors = set(arguments.doors.split(","))
    loops: list[Coroutine[None, None, None]] = []
    if "relay" in doors:
        relay = faults.RELAYS.get(arguments.fault, Relay)(worker, lambda: make_producer(settings))
        app.on_commit(relay.wake)
        worker.on_commit(relay.wake)
        loops.append(relay.run())
    if "timer" in doors:
        loops.append(Firer(worker, ticking()).run())
    if "consumer" in doors:
        broker = make_broker(settings, arguments.consumer)
        subscriptions = subscribe_events(broker, worker, listening(arguments.consumer), place=settings.place)
        await broker.connect()
        for subscriber in subscriptions.by_topic.values():
            await subscriber.start()
        stack.push_async_callback(broker.stop)
        loops.append(subscriptions.retrier.run())
    return loops


async def command(arguments: argparse.Namespace, app: Database) -> None:
    """Send the commands; where they are slow, a second client sends quick ones beside them all the while."""
    ids = pair_ids(arguments.seed, arguments.aggregates)
    quick = 4 * arguments.commands if arguments.slow else 0
    await asyncio.gather(
        write(app, ids, arguments.commands, Path(arguments.acknowledged), arguments.slow, arguments.until),
        write(app, ids[::-1], quick, Path(os.devnull), 0.0),
    )


def main() -> None:
    """Read what to play."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--service", default="pairing")
    parser.add_argument("--doors", required=True)
    parser.add_argument("--consumer", default="")
    parser.add_argument("--acknowledged", default=os.devnull)
    parser.add_argument("--seed", default="")
    parser.add_argument("--aggregates", type=int, default=5)
    parser.add_argument("--commands", type=int, default=0)
    parser.add_argument("--until", type=Path)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--fault", default="")
    arguments = parser.parse_args()
    if arguments.fault == "inbox_off":
        faults.switch_the_inbox_off()
    set_up_logging(f"play-{arguments.service}")
    asyncio.run(perform(arguments))


if __name__ == "__main__":
    main()
