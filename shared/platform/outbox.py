"""Events out, step one: a row written in the business transaction; an event that is too large is refused here."""

from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from aiokafka.partitioner import murmur2
from opentelemetry import propagate

from shared.contracts import topics
from shared.contracts.event import Event
from shared.platform.database import Transaction
from shared.platform.errors import Refused

MAX_BYTES: Final = 256 * 1024
SHARDS: Final = 4  # changes only with empty outboxes and stopped writers: the shard is stored with each row


class EventTooLarge(Refused):
    """The event is larger than 256 KiB and was not written."""


_INSERT: Final = """
INSERT INTO outbox (shard, aggregate_id, version, event_id, topic, partition, key, headers, payload, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, string_to_array($8, E'\x1f'), $9, $10)
"""
_BETWEEN: Final = "\x1f"
"""Between the headers on their way to PostgreSQL: to encode an array of twenty texts took longer than all the rest."""


async def publish(tx: Transaction, event: Event) -> None:
    """Record `event` in the caller's transaction; the relay sends it to Kafka after the commit.

    The aggregate's row must be locked by this transaction before, which every change of its version does.
    Raises EventTooLarge.
    """
    _write(tx, event, event.model_dump_json().encode())


async def publish_tombstone(tx: Transaction, event: Event) -> None:
    """Record an event whose record has no body, so that a compacted topic forgets what the key held before."""
    _write(tx, event, None)


def _write(tx: Transaction, event: Event, payload: bytes | None) -> None:
    if payload is not None and len(payload) > MAX_BYTES:
        raise EventTooLarge
    shard, partition, key = route(event.topic, event.key)
    # Collected, so that a roster of thousands costs few round trips. The order stands: whoever knows the aggregate's
    # next version holds its row's lock already.
    tx.later(
        _INSERT,
        shard,
        event.aggregate_id,
        event.version,
        event.event_id,
        event.topic,
        partition,
        key,
        _BETWEEN.join(headers(event)),
        payload,
        event.occurred_at,
    )
    tx.shards.add(shard)


@lru_cache(maxsize=65_536)
def route(topic: str, key: UUID) -> tuple[int, int, bytes]:
    """Shard, partition and key bytes of a Kafka key: the same for ever, and the partition that Java would choose."""
    encoded = str(key).encode()
    spread = murmur2(encoded) & 0x7FFFFFFF
    return spread % SHARDS, spread % topics.partitions(topic), encoded


def headers(event: Event) -> list[str]:
    """CloudEvents 1.0 in Kafka's binary mode, as name, value, name, value.

    `ce_sequence` is the version in 19 digits, so that it sorts as text; `traceparent` is the writer's own, so that a
    reader's trace leads to the request and never to the relay.
    """
    kind = type(event)
    flat = [
        "ce_specversion",
        "1.0",
        "ce_id",
        str(event.event_id),
        "ce_type",
        kind.type,
        "ce_source",
        "/" + kind.topic.replace(".", "/"),
        "ce_subject",
        str(event.aggregate_id),
        "ce_sequence",
        f"{event.version:019d}",
        "ce_time",
        _rfc3339(event.occurred_at),
        "ce_partitionkey",
        str(event.key),
        "ce_institutions",
        ",".join(map(str, event.institution_ids)),
        "content-type",
        "application/json",
    ]
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    for name, value in carrier.items():
        flat += [name, value]
    return flat


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
