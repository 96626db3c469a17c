"""The other service: `python -m tests.bench.listener WAY CONSUMER EVENTS FILE` notes when each effect is committed.

WAY is `product` or `bare`. It writes a line when it has its partitions, and ends after so many events.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from aiokafka import AIOKafkaConsumer

from shared.contracts.pairing import PairEvent, PairPaused, PairResumed
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.subscribe import subscribe_events
from shared.platform.database import Database, Transaction
from shared.platform.kafka import client_options, make_broker
from shared.platform.settings import PlatformSettings
from shared.testing.eventually import eventually
from tests.bench import bare

TOPIC = PairPaused.topic


class Book:
    """What was heard in the transaction under way, and when what was heard before was committed."""

    def __init__(self, events: int) -> None:
        self.left = events
        self.heard: list[tuple[UUID, int]] = []
        self.applied: list[tuple[str, int, float]] = []
        self.full = asyncio.Event()

    def committed(self) -> None:
        """What was heard is an effect now."""
        now = time.time()
        self.applied += [(str(aggregate_id), version, now) for aggregate_id, version in self.heard]
        self.left -= len(self.heard)
        self.heard.clear()
        if self.left <= 0:
            self.full.set()


async def listen(settings: PlatformSettings, database: Database, name: str, book: Book) -> None:
    """As a service hears, one statement collected per event."""
    events = EventConsumer(name)

    async def note(tx: Transaction, event: PairEvent) -> None:
        tx.later(bare.INSERT_ONE, name, event.pair_id, event.version, event.occurred_at)
        book.heard.append((event.pair_id, event.version))

    def told(tx: Transaction) -> None:
        if tx.door == "consumer":
            book.committed()

    events.on(PairPaused)(note)
    events.on(PairResumed)(note)
    database.on_commit(told)
    broker = make_broker(settings, "meetings")
    subscriber = subscribe_events(broker, database, events, place="0").by_topic[TOPIC]
    await broker.connect()
    await subscriber.start()

    async def assigned() -> bool:
        return bool(subscriber.consumer.assignment())

    await eventually(assigned, within=60)
    _say_ready()
    await book.full.wait()
    await broker.stop()


async def listen_barely(settings: PlatformSettings, database: Database, name: str, book: Book) -> None:
    """With aiokafka and asyncpg alone."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        **client_options(settings),
        group_id=f"{name}.{TOPIC}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()

    async def note(connection: bare.Connection, consumer_name: str, events: Sequence[PairEvent]) -> None:
        await bare.insert_together(connection, consumer_name, events)
        book.heard += [(event.pair_id, event.version) for event in events]

    async def assigned() -> bool:
        return bool(consumer.assignment())

    await eventually(assigned, within=60)
    _say_ready()
    while not book.full.is_set():
        polled = await consumer.getmany(timeout_ms=200, max_records=500)
        records = [record for some in polled.values() for record in some]
        if records:
            async with database.pool.acquire() as connection, connection.transaction():
                await bare.apply(connection, name, records, note)
            book.committed()
            await consumer.commit()
    await consumer.stop()


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def main(way: str, name: str, events: int, file: Path) -> None:
    """Hear so many events, and write down when."""
    settings = PlatformSettings.read()
    book = Book(events)
    async with Database.open(settings.worker_database, schema="meetings") as database:
        await (listen if way == "product" else listen_barely)(settings, database, name, book)
    await asyncio.to_thread(file.write_text, json.dumps(book.applied), "utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
