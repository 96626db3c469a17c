"""The ceilings: the same records with aiokafka and asyncpg alone, as one would write them by hand; no platform."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from shared.contracts.pairing import PairEvent, PairPaused, PairResumed
from shared.platform.outbox import SHARDS
from tests.bench.measuring import Lap
from tests.bench.workload import Outgoing

CHUNK = 1_000
INSERT_ONE: LiteralString = "INSERT INTO effects (consumer, aggregate_id, version, happened_at) VALUES ($1, $2, $3, $4)"
INSERT_LIST: LiteralString = """
    INSERT INTO effects (consumer, aggregate_id, version, happened_at)
    SELECT $1, e.aggregate_id, e.version, e.happened_at
    FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) e (aggregate_id, version, happened_at)
"""
# What makes the effects happen once: the statements that the platform runs for a batch.
_MAKE_INBOX = """
    INSERT INTO inbox (consumer, aggregate_id) SELECT $1, aggregate_id FROM unnest($2::uuid[]) aggregate_id
    ON CONFLICT DO NOTHING
"""
_LOCK_INBOX = """
    SELECT aggregate_id, version FROM inbox
    WHERE consumer = $1 AND aggregate_id = ANY($2::uuid[]) ORDER BY aggregate_id FOR UPDATE
"""
_SAVE_INBOX = """
    UPDATE inbox SET version = new.version, event_id = new.event_id
    FROM unnest($2::uuid[], $3::bigint[], $4::uuid[]) new (aggregate_id, version, event_id)
    WHERE inbox.consumer = $1 AND inbox.aggregate_id = new.aggregate_id
"""

_HEARD: dict[str, type[PairEvent]] = {kind.type: kind for kind in (PairPaused, PairResumed)}

Connection = Any
"""asyncpg's own connection."""
Effect = Callable[[Connection, str, Sequence[PairEvent]], Awaitable[object]]


class Sendable(NamedTuple):
    """What a batch needs of a row."""

    partition: int
    key: bytes
    headers: list[tuple[str, bytes]]
    payload: bytes


AnyRecord = TypeVar("AnyRecord", Outgoing, Sendable)


async def send(producer: AIOKafkaProducer, topic: str, records: Sequence[Outgoing]) -> Lap:
    """One stream: a chunk is put into one batch a partition, and awaited before the next."""
    lap = Lap(len(records))
    with lap.running():
        for start in range(0, len(records), CHUNK):
            waiting = list(records[start : start + CHUNK])
            while waiting:
                waiting = await _send_batches(producer, topic, waiting)
    return lap


async def relay(connection: Connection, producer: AIOKafkaProducer, topic: str) -> int:
    """One look at each shard: what is there is sent, and deleted once Kafka has it; gives how many rows."""
    return sum([await _relay_shard(connection, producer, topic, shard) for shard in range(SHARDS)])


async def _relay_shard(connection: Connection, producer: AIOKafkaProducer, topic: str, shard: int) -> int:
    rows = await connection.fetch(
        "SELECT position, partition, key, array_to_string(headers, E'\x1f') AS headers, payload"
        " FROM outbox WHERE shard = $1 ORDER BY position LIMIT $2",
        shard,
        CHUNK,
    )
    waiting = [_outgoing(row) for row in rows]
    while waiting:
        waiting = await _send_batches(producer, topic, waiting)
    if rows:
        positions = [row["position"] for row in rows]
        await connection.execute(
            "DELETE FROM outbox WHERE shard = $1 AND position = ANY($2::bigint[])", shard, positions
        )
    return len(rows)


def _outgoing(row: asyncpg.Record) -> Sendable:
    words = iter(row["headers"].split("\x1f"))
    pairs = list(zip(words, map(str.encode, words), strict=False))
    return Sendable(row["partition"], row["key"], pairs, row["payload"])


async def _send_batches(producer: AIOKafkaProducer, topic: str, records: Sequence[AnyRecord]) -> list[AnyRecord]:
    """Send what fits into one batch a partition; gives the rest."""
    batches: dict[int, Any] = {}
    left: list[AnyRecord] = []
    full: set[int] = set()
    for record in records:
        batch = batches.get(record.partition) or batches.setdefault(record.partition, producer.create_batch())
        if record.partition in full or (
            batch.append(key=record.key, value=record.payload, timestamp=None, headers=record.headers) is None
        ):
            full.add(record.partition)
            left.append(record)
    futures: list[Any] = []
    for partition, batch in batches.items():
        batch.close()
        futures.append(await producer.send_batch(batch, topic, partition=partition))
    for future in futures:
        await future
    return left


async def insert_list(connection: Connection, consumer: str, events: Sequence[PairEvent]) -> None:
    """The effects of a batch in one statement over lists."""
    await connection.execute(
        INSERT_LIST, consumer, [e.pair_id for e in events], [e.version for e in events], [e.occurred_at for e in events]
    )


async def insert_together(connection: Connection, consumer: str, events: Sequence[PairEvent]) -> None:
    """The effects of a batch as one statement for many rows."""
    await connection.executemany(INSERT_ONE, [(consumer, e.pair_id, e.version, e.occurred_at) for e in events])


async def insert_each(connection: Connection, consumer: str, events: Sequence[PairEvent]) -> None:
    """One awaited statement per event."""
    for event in events:
        await connection.execute(INSERT_ONE, consumer, event.pair_id, event.version, event.occurred_at)


async def consume(
    consumer: AIOKafkaConsumer, pool: "asyncpg.Pool[asyncpg.Record]", name: str, events: int, effect: Effect
) -> Lap:
    """Batches of at most 500, each in one transaction with its inbox, its offsets committed after it."""
    lap = Lap(events)
    left = events
    while left:
        polled = await consumer.getmany(timeout_ms=200, max_records=500)
        records = [record for some in polled.values() for record in some][:left]
        if not records:
            continue
        if left == events:
            lap.begin()
        async with pool.acquire() as connection, connection.transaction():
            await apply(connection, name, records, effect)
        await consumer.commit()
        left -= len(records)
    lap.end()
    return lap


async def apply(connection: Connection, name: str, records: Sequence[ConsumerRecord], effect: Effect) -> None:
    """One batch in the caller's transaction: what is new of it has its effect, in order of version."""
    said: list[dict[str, Any]] = [dict(record.headers) for record in records]
    subjects = [UUID(headers["ce_subject"].decode()) for headers in said]
    ids = sorted(set(subjects))
    await connection.execute(_MAKE_INBOX, name, ids)
    rows = await connection.fetch(_LOCK_INBOX, name, ids)
    held: dict[UUID, int] = {row["aggregate_id"]: row["version"] for row in rows}
    event_ids: dict[UUID, UUID] = {}
    fresh: dict[str, list[PairEvent]] = defaultdict(list)
    for record, headers, subject in zip(records, said, subjects, strict=True):
        version = int(headers["ce_sequence"])
        if version == held[subject] + 1:
            held[subject] = version
            event_ids[subject] = UUID(headers["ce_id"].decode())
            kind = headers["ce_type"].decode()
            fresh[kind].append(_HEARD[kind].model_validate_json(record.value or b""))
    for events in fresh.values():
        await effect(connection, name, events)
    await connection.execute(_SAVE_INBOX, name, list(event_ids), [held[i] for i in event_ids], list(event_ids.values()))
