"""What is sent and read: events of about 400 bytes, 1,000 aggregates in turn; and the proof that nothing was lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.event import Event
from shared.contracts.meetings import MeetingMoved
from shared.contracts.pairing import PairPaused
from shared.contracts.topics import partitions
from shared.platform.kafka import client_options
from shared.platform.outbox import headers, route
from shared.testing.stage import Stage

AGGREGATES = 1_000
_NOBODY = UUID(int=0)
_THEN = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
_IDS = [uuid5(_NOBODY, str(number)) for number in range(AGGREGATES)]


@dataclass(frozen=True)
class Outgoing:
    """One record with everything decided: where it goes and what it says."""

    aggregate_id: UUID
    version: int
    event_id: UUID
    shard: int
    partition: int
    key: bytes
    flat_headers: list[str]
    headers: list[tuple[str, bytes]]
    payload: bytes


def moved(number: int) -> MeetingMoved:
    """The event number `number` of a run in which 1,000 meetings take turns."""
    meeting_id = _IDS[number % AGGREGATES]
    return MeetingMoved(
        meeting_id=meeting_id,
        pair_id=meeting_id,
        mentor_id=_IDS[1],
        mentee_id=_IDS[2],
        moved_by=_IDS[1],
        starts_at=_THEN,
        ends_at=_THEN + timedelta(hours=1),
        version=number // AGGREGATES + 1,
        occurred_at=_THEN,
        institution_ids=(_NOBODY,),
    )


def paused(number: int) -> PairPaused:
    """The same with 1,000 pairs."""
    return PairPaused(
        pair_id=_IDS[number % AGGREGATES],
        mentor_id=_IDS[1],
        mentee_id=_IDS[2],
        mentor_institution_id=_NOBODY,
        mentee_institution_id=_NOBODY,
        reason="leave",
        review_at=_THEN,
        version=number // AGGREGATES + 1,
        occurred_at=_THEN,
        institution_ids=(_NOBODY,),
    )


def outgoing(events: Sequence[Event]) -> list[Outgoing]:
    """The records of events, as the outbox would hold them."""
    made: list[Outgoing] = []
    for event in events:
        shard, partition, key = route(event.topic, event.key)
        flat = headers(event)
        pairs = [(flat[i], flat[i + 1].encode()) for i in range(0, len(flat), 2)]
        payload = event.model_dump_json().encode()
        made.append(
            Outgoing(event.aggregate_id, event.version, event.event_id, shard, partition, key, flat, pairs, payload)
        )
    return made


async def stock(stage: Stage, schema: str, topic: str, records: Sequence[Outgoing]) -> None:
    """Keep these records, and no others, in a table from which each round fills the outbox."""
    connection = await asyncpg.connect(stage.admin_url, server_settings={"search_path": schema})
    try:
        await connection.execute("TRUNCATE stock")
        await connection.copy_records_to_table(
            "stock",
            columns=[
                "shard", "aggregate_id", "version", "event_id", "topic", "partition", "key", "headers", "payload",
                "occurred_at",
            ],
            records=[
                (r.shard, r.aggregate_id, r.version, r.event_id, topic, r.partition, r.key, r.flat_headers, r.payload,
                 _THEN)
                for r in records
            ],
        )  # fmt: skip
    finally:
        await connection.close()


@dataclass
class Reader:
    """Reads a topic back, each time from where it stopped."""

    stage: Stage
    topic: str
    service: str
    _ends: dict[TopicPartition, int] | None = None

    async def skip(self) -> None:
        """What is there already does not count."""
        async with self._consumer() as consumer:
            self._ends = await consumer.end_offsets(self._places())

    async def violations(self, expected: int) -> list[str]:
        """Everything that is lost, doubled or out of order since the last look."""
        async with self._consumer() as consumer:
            places = self._places()
            consumer.assign(places)
            for place, offset in (self._ends or {}).items():
                consumer.seek(place, offset)
            self._ends = await consumer.end_offsets(places)
            facts: list[tuple[bytes, int]] = []
            while any([await consumer.position(place) < self._ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        said: dict[str, Any] = dict(record.headers)
                        facts.append((said["ce_subject"], int(said["ce_sequence"])))
        return _disorder(facts, expected)

    def _places(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number) for number in range(partitions(self.topic))]

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(**client_options(self.stage.settings(self.service)), auto_offset_reset="earliest")


def _disorder(facts: Sequence[tuple[bytes, int]], expected: int) -> list[str]:
    seen: dict[bytes, int] = {}
    found = [] if len(facts) == expected else [f"{len(facts)} records, not {expected}"]
    for aggregate, version in facts:
        if version != seen.get(aggregate, 0) + 1:
            found.append(f"{aggregate.decode()}: version {version} after {seen.get(aggregate, 0)}")
        seen[aggregate] = version
    return found
