"""The product's own paths as a service runs them: its relay, and a consumer made with `subscribe_events`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.contracts.pairing import PairPaused
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.subscribe import subscribe_events
from shared.platform.database import Database, Transaction
from shared.platform.kafka import make_broker, make_producer
from shared.platform.outbox import SHARDS
from shared.platform.relay import Relay
from shared.platform.settings import PlatformSettings
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.bench.bare import INSERT_LIST, INSERT_ONE
from tests.bench.measuring import Lap

_LONGEST_SECONDS = 300.0


class Counted:
    """A number of things that are done, and an end to wait for; looking every few milliseconds would cost the CPU."""

    def __init__(self) -> None:
        self._left = 0
        self._all = asyncio.Event()

    def expect(self, number: int) -> None:
        """So many are to come."""
        self._left = number
        self._all.clear()

    def done(self, number: int) -> None:
        """So many are done."""
        self._left -= number
        if self._left <= 0:
            self._all.set()

    async def all(self) -> None:
        """Wait for the last."""
        async with asyncio.timeout(_LONGEST_SECONDS):
            await self._all.wait()


class CountingRelay(Relay):
    """The relay, which says how many rows it has deleted."""

    deleted: Counted

    async def _delete(self, shard: int, positions: list[int]) -> None:
        await super()._delete(shard, positions)
        self.deleted.done(len(positions))


@asynccontextmanager
async def database(stage: Stage, service: str) -> AsyncGenerator[Database]:
    """A service's worker login, as its process opens it in production."""
    async with Database.open(stage.database(f"{service}_worker"), schema=service, size=7) as worker:
        yield worker


@asynccontextmanager
async def relaying(worker: Database, settings: PlatformSettings, *others: Database) -> AsyncGenerator[Counted]:
    """The relay at work, with all four leases, woken by `others` too; it counts what it has deleted."""
    relay = CountingRelay(worker, lambda: make_producer(settings))
    relay.deleted = Counted()
    for database_that_writes in (worker, *others):
        database_that_writes.on_commit(relay.wake)
    running = asyncio.create_task(relay.run())
    try:
        await eventually(lambda: _has_all_leases(worker), within=30)
        yield relay.deleted
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _has_all_leases(worker: Database) -> bool:
    return await worker.pool.fetchval("SELECT count(*) = $1 FROM relay_leases", SHARDS)


async def relay_backlog(worker: Database, deleted: Counted, rows: int) -> Lap:
    """Fill the outbox, and measure from the commit until Kafka has acknowledged every row and it is deleted."""
    lap = Lap(rows)
    deleted.expect(rows)
    await fill_outbox(worker, rows)
    with lap.running():
        await deleted.all()
    return lap


async def fill_outbox(worker: Database, rows: int) -> None:
    """So many rows, of every shard, in one transaction."""
    async with worker.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO outbox (shard, aggregate_id, version, event_id, topic, partition, key, headers, payload,
                                occurred_at)
            SELECT shard, aggregate_id, version, event_id, topic, partition, key, headers, payload, occurred_at
            FROM stock ORDER BY position LIMIT $1
            """,
            rows,
        )
        tx.shards.update(range(SHARDS))


@dataclass
class Effects:
    """Three ways to have one effect per event; the lap begins with the first event and the count goes by commits."""

    name: str
    lap: Lap
    _heard: int = 0
    committed: Counted = field(default_factory=Counted)

    def consumer(self, way: str) -> EventConsumer:
        """A consumer whose handler works over a `list`, says `later`, or awaits `each` statement by itself."""
        events = EventConsumer(self.name)
        if way == "list":
            events.on_many(PairPaused)(self._insert_list)
        else:
            events.on(PairPaused)(self._insert_later if way == "later" else self._insert_each)
        return events

    def told(self, tx: Transaction) -> None:
        """A transaction was committed."""
        if tx.door == "consumer":
            self.committed.done(self._heard)
            self._heard = 0

    async def _insert_list(self, tx: Transaction, paused: Sequence[PairPaused]) -> None:
        self._hear(len(paused))
        await tx.execute(
            INSERT_LIST,
            self.name,
            [event.pair_id for event in paused],
            [event.version for event in paused],
            [event.occurred_at for event in paused],
        )

    async def _insert_later(self, tx: Transaction, event: PairPaused) -> None:
        self._hear(1)
        tx.later(INSERT_ONE, self.name, event.pair_id, event.version, event.occurred_at)

    async def _insert_each(self, tx: Transaction, event: PairPaused) -> None:
        self._hear(1)
        await tx.execute(INSERT_ONE, self.name, event.pair_id, event.version, event.occurred_at)

    def _hear(self, events: int) -> None:
        if not self.lap.seconds:
            self.lap.begin()
        self._heard += events


async def consume(stage: Stage, name: str, way: str, events: int) -> Lap:
    """Read a topic from its first record; measured from the first batch on, until every effect is committed."""
    settings = stage.settings("meetings")
    effects = Effects(name, Lap(events))
    effects.committed.expect(events)
    broker = make_broker(settings, "meetings")
    async with database(stage, "meetings") as worker:
        worker.on_commit(effects.told)
        subscriptions = subscribe_events(broker, worker, effects.consumer(way), place="0")
        await broker.connect()
        try:
            for subscriber in subscriptions.by_topic.values():
                await subscriber.start()
            await effects.committed.all()
            effects.lap.end()
        finally:
            await broker.stop()
    return effects.lap
