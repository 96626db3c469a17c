"""The product's own paths as a service runs them: its relay, and a consumer made with `subscribe_events`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from faststream.kafka import KafkaBroker

from shared.contracts.pairing import PairPaused
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.subscribe import subscribe_events
from shared.platform.database import Database, Transaction
from shared.platform.kafka import broker_security, make_producer
from shared.platform.outbox import SHARDS
from shared.platform.relay import Relay
from shared.platform.settings import PlatformSettings
from shared.platform.telemetry import REGISTRY
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.bench.bare import INSERT_LIST, INSERT_ONE
from tests.bench.measuring import Lap

_LONGEST_SECONDS = 300.0
_LOOK_SECONDS = 0.005


@asynccontextmanager
async def database(stage: Stage, service: str) -> AsyncGenerator[Database]:
    """A service's worker login, as its process opens it in production."""
    async with Database.open(stage.database(f"{service}_worker"), schema=service, size=7) as worker:
        yield worker


@asynccontextmanager
async def relaying(worker: Database, settings: PlatformSettings) -> AsyncGenerator[None]:
    """The relay at work, with all four leases."""
    relay = Relay(worker, lambda: make_producer(settings))
    worker.on_commit(relay.wake)
    running = asyncio.create_task(relay.run())
    try:
        await eventually(lambda: _has_all_leases(worker), within=30)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _has_all_leases(worker: Database) -> bool:
    return await worker.pool.fetchval("SELECT count(*) = $1 FROM relay_leases", SHARDS)


async def relay_backlog(worker: Database, rows: int) -> Lap:
    """Fill the outbox, and measure from the commit until Kafka has acknowledged every row and it is deleted."""
    lap = Lap(rows)
    sent = _counted("osler_relay_sent_total")
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
    with lap.running():
        await _reached("osler_relay_sent_total", sent + rows)
    return lap


def listening(name: str, way: str, lap: Lap) -> EventConsumer:
    """A consumer with one effect per event; `way` is how: over a `list`, `later`, or `each` awaited by itself."""
    events = EventConsumer(name)

    def begun() -> None:
        if not lap.seconds:
            lap.begin()

    async def insert_list(tx: Transaction, paused: Sequence[PairPaused]) -> None:
        begun()
        await tx.execute(
            INSERT_LIST,
            name,
            [event.pair_id for event in paused],
            [event.version for event in paused],
            [event.review_at for event in paused],
        )

    async def insert_later(tx: Transaction, event: PairPaused) -> None:
        begun()
        tx.later(INSERT_ONE, name, event.pair_id, event.version, event.review_at)

    async def insert_each(tx: Transaction, event: PairPaused) -> None:
        begun()
        await tx.execute(INSERT_ONE, name, event.pair_id, event.version, event.review_at)

    if way == "list":
        events.on_many(PairPaused)(insert_list)
    else:
        events.on(PairPaused)(insert_later if way == "later" else insert_each)
    return events


async def consume(worker: Database, settings: PlatformSettings, name: str, way: str, events: int) -> Lap:
    """Read a topic from its first record; measured from the first batch on, until every effect is committed."""
    lap = Lap(events)
    broker = KafkaBroker(
        settings.kafka_bootstrap,
        security=broker_security(settings),
        allow_auto_create_topics=False,
        graceful_timeout=10,
        logger=None,
    )
    subscriptions = subscribe_events(broker, worker, listening(name, way, lap), place="0")
    await broker.connect()
    try:
        for subscriber in subscriptions.by_topic.values():
            await subscriber.start()
        await _reached("osler_events_applied_total", events, consumer=name)
        lap.end()
    finally:
        await broker.stop()
    return lap


def _counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


async def _reached(metric: str, value: float, **labels: str) -> None:
    async def enough() -> bool:
        return _counted(metric, **labels) >= value

    await eventually(enough, within=_LONGEST_SECONDS, every=_LOOK_SECONDS)
