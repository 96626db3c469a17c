"""Whether everything that follows from what was done has happened; it only looks, with an administrator's eyes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from shared.contracts.topics import catalogue
from shared.platform.consumer import EventConsumer

_SECONDS: Final = 10

# One row per service: what still waits there. `%I` is filled in by the server, from the names of the schemas.
_LOOK: Final = """
SELECT string_agg(format(
    'SELECT %L AS service, EXISTS (SELECT 1 FROM %I.outbox) AS outbox,
            (SELECT count(*) FROM %I.timers WHERE due_at <= (SELECT now FROM osler_local.clock)) AS due,
            (SELECT min(due_at) FROM %I.timers WHERE due_at > (SELECT now FROM osler_local.clock)) AS next_due,
            (SELECT count(*) FROM %I.parked p JOIN %I.inbox i USING (consumer, aggregate_id)
             WHERE p.next_try_at IS NOT NULL) AS retrying,
            (SELECT last_value FROM %I.outbox_position_seq) AS position', s, s, s, s, s, s, s), ' UNION ALL ')
FROM unnest($1::text[]) s
"""
_LATEST: Final = """
SELECT 'SELECT max(due_at) FROM (' || string_agg(format('SELECT due_at FROM %I.timers', s), ' UNION ALL ')
    || ') every WHERE due_at <= $1'
FROM unnest($1::text[]) s
"""
_MAIL: Final = "SELECT count(*) FROM notifications.messages WHERE state = 'waiting'"


@dataclass(frozen=True)
class Still:
    """What two looks must agree in: how far each outbox was written, and how long each topic is."""

    positions: tuple[int, ...]
    ends: tuple[int, ...]


class Watcher:
    """Looks at every service's tables and at every group's offsets."""

    def __init__(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        kafka: dict[str, str],
        consumers: Sequence[EventConsumer],
    ) -> None:
        self._connection = connection
        self._admin = AdminClient(kafka)
        self._groups = {f"{c.name}.{topic}": topic for c in consumers for topic in c.topics}
        self._places = [
            TopicPartition(topic.name, number)
            for topic in catalogue().topics.values()
            for number in range(topic.partitions)
        ]
        self._look = ""
        self._latest = ""

    async def prepare(self, services: Sequence[str]) -> None:
        """Let the server write the query over these services' schemas once."""
        self._look = await self._connection.fetchval(_LOOK, list(services))
        self._latest = await self._connection.fetchval(_LATEST, list(services))

    async def waits_for(self) -> str | None:
        """What is not done yet in the databases, in words; None when nothing is left there."""
        for row in await self._connection.fetch(self._look):
            if row["due"]:
                return f"{row['due']} timers of {row['service']}"
            if row["outbox"]:
                return f"the outbox of {row['service']}"
            if row["retrying"]:
                return f"{row['retrying']} events that {row['service']} tries again"
        mails = await self._connection.fetchval(_MAIL)
        return f"{mails} mails" if mails else None

    async def next_due(self) -> datetime | None:
        """The earliest instant still ahead at which something is due."""
        rows = await self._connection.fetch(self._look)
        return min((row["next_due"] for row in rows if row["next_due"]), default=None)

    async def latest_due_by(self, instant: datetime) -> datetime:
        """The latest instant up to this one at which something is due; there must be one."""
        return await self._connection.fetchval(self._latest, instant)

    async def still(self) -> Still | None:
        """Where everything stands, or None while a group has not read and committed to the end of its topic."""
        rows = await self._connection.fetch(self._look)
        ends = await asyncio.to_thread(self._ends_if_read)
        return None if ends is None else Still(tuple(row["position"] for row in rows), ends)

    def _ends_if_read(self) -> tuple[int, ...] | None:
        latest = OffsetSpec.latest()
        asked = self._admin.list_offsets(dict.fromkeys(self._places, latest), request_timeout=_SECONDS)
        committed = {
            group: self._admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group)], request_timeout=_SECONDS
            )
            for group in self._groups
        }
        ends = {(place.topic, place.partition): future.result(_SECONDS).offset for place, future in asked.items()}
        for group, futures in committed.items():
            found = futures[group].result(_SECONDS).topic_partitions or ()
            read = {(place.topic, place.partition): place.offset for place in found}
            topic = self._groups[group]
            if any(read.get(key, 0) < end for key, end in ends.items() if key[0] == topic):
                return None
        return tuple(ends[place.topic, place.partition] for place in self._places)
