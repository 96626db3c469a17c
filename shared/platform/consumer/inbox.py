"""What a consumer has applied of each aggregate, and what waits: every statement on inbox and parked rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from shared.contracts.topics import catalogue
from shared.platform.consumer.records import Incoming, Record, Unreadable, dump_headers, load_headers, traceparent
from shared.platform.database import Database, Row, Transaction


@dataclass(slots=True)
class Applied:
    """An aggregate's row in the inbox, locked: the version applied last, and how many of its events are parked."""

    version: int
    event_id: UUID | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits: until `try_after` from now has passed, or, where that is None, for a person."""

    incoming: Incoming
    reason: str
    attempts: int
    try_after: timedelta | None


async def lock(tx: Transaction, consumer: str, aggregate_ids: Iterable[UUID]) -> dict[UUID, Applied]:
    """Lock the aggregates' inbox rows in order of id, making those that are missing."""
    ids = sorted(aggregate_ids)
    await tx.execute(
        """
        INSERT INTO inbox (consumer, aggregate_id)
        SELECT $1, aggregate_id FROM unnest($2::uuid[]) aggregate_id
        ON CONFLICT DO NOTHING
        """,
        consumer,
        ids,
    )
    rows = await tx.fetch(
        """
        SELECT aggregate_id, version, event_id, waiting FROM inbox
        WHERE consumer = $1 AND aggregate_id = ANY($2::uuid[]) ORDER BY aggregate_id FOR UPDATE
        """,
        consumer,
        ids,
    )
    return {row["aggregate_id"]: Applied(row["version"], row["event_id"], row["waiting"]) for row in rows}


async def save(tx: Transaction, consumer: str, applied: dict[UUID, Applied]) -> None:
    """Write back what a batch has changed."""
    await tx.execute(
        """
        UPDATE inbox SET version = new.version, event_id = new.event_id, waiting = new.waiting
        FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::integer[]) new (aggregate_id, version, event_id, waiting)
        WHERE inbox.consumer = $1 AND inbox.aggregate_id = new.aggregate_id
        """,
        consumer,
        list(applied),
        [a.version for a in applied.values()],
        [a.event_id for a in applied.values()],
        [a.waiting for a in applied.values()],
    )


async def park(tx: Transaction, consumer: str, parked: Sequence[Parked]) -> list[UUID]:
    """Keep events that cannot be applied now; give the aggregate of each that was not kept before."""
    rows = await tx.fetch(
        """
        INSERT INTO parked (consumer, aggregate_id, version, event_id, type, topic, partition, "offset", headers, body,
                            reason, attempts, next_try_at)
        SELECT $1, new.aggregate_id, new.version, new.event_id, new.type, new.topic, new.partition, new."offset",
               new.headers, new.body, new.reason, new.attempts, clock_timestamp() + new.try_after
        FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::integer[], $8::bigint[],
                    $9::text[], $10::bytea[], $11::text[], $12::integer[], $13::interval[])
             new (aggregate_id, version, event_id, type, topic, partition, "offset", headers, body,
                  reason, attempts, try_after)
        ON CONFLICT DO NOTHING
        RETURNING aggregate_id
        """,
        consumer,
        [p.incoming.aggregate_id for p in parked],
        [p.incoming.version for p in parked],
        [p.incoming.event_id for p in parked],
        [p.incoming.kind for p in parked],
        [p.incoming.record.topic for p in parked],
        [p.incoming.record.partition for p in parked],
        [p.incoming.record.offset for p in parked],
        [dump_headers(p.incoming.record) for p in parked],
        [p.incoming.record.value for p in parked],
        [p.reason for p in parked],
        [p.attempts for p in parked],
        [p.try_after for p in parked],
    )
    return [row["aggregate_id"] for row in rows]


async def parked_event_ids(tx: Transaction, consumer: str, parked: Sequence[Parked]) -> set[UUID]:
    """The ids of the events that are kept of these versions."""
    rows = await tx.fetch(
        """
        SELECT parked.event_id FROM parked JOIN unnest($2::uuid[], $3::bigint[]) new (aggregate_id, version)
            USING (aggregate_id, version)
        WHERE consumer = $1
        """,
        consumer,
        [p.incoming.aggregate_id for p in parked],
        [p.incoming.version for p in parked],
    )
    return {row["event_id"] for row in rows}


async def keep_unreadable(tx: Transaction, consumer: str, unreadable: Unreadable) -> None:
    """Keep a record that names no aggregate, by its place in the log."""
    record = unreadable.record
    await tx.execute(
        """
        INSERT INTO unreadable (consumer, topic, partition, "offset", key, headers, body, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
        """,
        consumer,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        dump_headers(record),
        record.value,
        unreadable.reason,
    )


async def due_aggregates(tx: Transaction, consumer: str) -> list[UUID]:
    """Aggregates whose lowest parked event is the next to apply and whose time to be tried has come.

    The time stands in a sub-select, because by a bare clock_timestamp() no index can be searched.
    """
    rows = await tx.fetch(
        """
        SELECT p.aggregate_id FROM parked p JOIN inbox i USING (consumer, aggregate_id)
        WHERE p.consumer = $1 AND p.next_try_at <= (SELECT clock_timestamp())
          AND NOT EXISTS (SELECT 1 FROM parked lower WHERE lower.consumer = p.consumer
                          AND lower.aggregate_id = p.aggregate_id AND lower.version < p.version)
          AND (p.version = i.version + 1 OR p.topic = ANY($2::text[]))
        ORDER BY p.next_try_at LIMIT 100
        """,
        consumer,
        state_topics(),
    )
    return [row["aggregate_id"] for row in rows]


async def find_head(tx: Transaction, consumer: str, aggregate_id: UUID) -> Row | None:
    """An aggregate's lowest parked event; its inbox row must be locked."""
    return await tx.find(
        """
        SELECT version, event_id, type, topic, partition, "offset", headers, body, reason, attempts,
               next_try_at <= clock_timestamp() AS due
        FROM parked WHERE consumer = $1 AND aggregate_id = $2 ORDER BY version LIMIT 1
        """,
        consumer,
        aggregate_id,
    )


async def remove(tx: Transaction, consumer: str, aggregate_id: UUID, version: int) -> None:
    """Take one parked event away; whoever does this holds the inbox row's lock."""
    await tx.execute(
        "DELETE FROM parked WHERE consumer = $1 AND aggregate_id = $2 AND version = $3", consumer, aggregate_id, version
    )


async def try_later(
    tx: Transaction,
    consumer: str,
    aggregate_id: UUID,
    version: int,
    *,
    reason: str,
    after: timedelta | None,
    attempts: int,
) -> None:
    """Note why a parked event still waits, after which pause it is tried, and how many more attempts it has had."""
    await tx.execute(
        """
        UPDATE parked SET attempts = attempts + $6, reason = $4, next_try_at = clock_timestamp() + $5
        WHERE consumer = $1 AND aggregate_id = $2 AND version = $3
        """,
        consumer,
        aggregate_id,
        version,
        reason,
        after,
        attempts,
    )


async def anything_waits(database: Database, consumer: str) -> bool:
    """Whether a consumer has parked events at all; asked several times a second."""
    return await database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM parked WHERE consumer = $1)", consumer)


async def backlog(tx: Transaction, consumer: str, full_from: int) -> Row:
    """How many aggregates wait, since when, when the next is to be tried, and which topics have `full_from` or more.

    A gap is closed by its own topic, so it is not counted against that topic: pausing it would keep the gap open.
    """
    return await tx.get(
        """
        WITH heads AS (
            SELECT DISTINCT ON (p.aggregate_id) p.topic, p.parked_at, p.next_try_at,
                   p.version = i.version + 1 OR p.topic = ANY($2::text[]) AS is_next
            FROM parked p JOIN inbox i USING (consumer, aggregate_id)
            WHERE p.consumer = $1 ORDER BY p.aggregate_id, p.version
        )
        SELECT count(*) AS aggregates,
               extract(epoch FROM clock_timestamp() - min(parked_at))::float8 AS age,
               extract(epoch FROM min(next_try_at) FILTER (WHERE is_next) - clock_timestamp())::float8 AS next_in,
               ARRAY(SELECT topic FROM heads WHERE is_next GROUP BY topic HAVING count(*) >= $3) AS full_topics
        FROM heads
        """,
        consumer,
        state_topics(),
        full_from,
    )


def state_topics() -> list[str]:
    """Topics that hold states, where versions may be skipped."""
    return [topic.name for topic in catalogue().topics.values() if topic.holds_states]


def restore(row: Row, aggregate_id: UUID) -> Incoming:
    """The record of a parked row as it came from Kafka."""
    record: Record = Record(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=row["body"],
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=load_headers(row["headers"]),
    )
    return Incoming(aggregate_id, row["version"], row["event_id"], row["type"], traceparent(record), record)
