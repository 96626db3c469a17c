"""Whether everything that follows from what was done has happened; it only looks, with an administrator's eyes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from deploy.local.kafka import SILENT
from deploy.story.due import Connection
from shared.contracts.topics import catalogue
from shared.platform.consumer import EventConsumer

_SECONDS: Final = 10

# One row per service and one for the mails: what still waits there. `%I` is filled in by the server, from the names
# of the schemas.
_LOOK: Final = """
SELECT string_agg(format(
    'SELECT CASE WHEN EXISTS (SELECT 1 FROM %I.timers WHERE due_at <= (SELECT now FROM osler_local.clock))
                 THEN ''timers of %I''
                 WHEN EXISTS (SELECT 1 FROM %I.outbox) THEN ''the outbox of %I''
                 WHEN EXISTS (SELECT 1 FROM %I.parked WHERE next_try_at IS NOT NULL)
                 THEN ''events that %I tries again'' END AS waits,
            (SELECT last_value FROM %I.outbox_position_seq) AS position', s, s, s, s, s, s, s), ' UNION ALL ')
    || ' UNION ALL SELECT CASE WHEN EXISTS (SELECT 1 FROM notifications.messages WHERE state = ''waiting'')
                          THEN ''mails'' END, 0'
FROM unnest($1::text[]) s
"""


@dataclass(frozen=True)
class Still:
    """What two looks must agree in: how far each outbox was written, and how long each topic is."""

    positions: tuple[int, ...]
    ends: tuple[int, ...]


class Watcher:
    """Looks at every service's tables and at every group's offsets."""

    def __init__(
        self,
        connection: Connection,
        kafka: dict[str, str | int | float | bool],
        consumers: Sequence[EventConsumer],
    ) -> None:
        self._connection = connection
        self._admin = AdminClient(kafka, logger=SILENT)
        self._groups = {f"{c.name}.{topic}": topic for c in consumers for topic in c.topics}
        self._places = [
            TopicPartition(topic.name, number)
            for topic in catalogue().topics.values()
            for number in range(topic.partitions)
        ]
        # Where each group was when it had read everything: what is committed does not go back while the story is told.
        self._read: dict[str, dict[int, int]] = {group: {} for group in self._groups}
        self._look = ""

    async def prepare(self, services: Sequence[str]) -> None:
        """Let the server write the query over these services' schemas once."""
        self._look = await self._connection.fetchval(_LOOK, list(services))

    async def waits_for(self) -> tuple[str | None, tuple[int, ...]]:
        """What is not done yet in the databases, in words (None when nothing is left), and each outbox's position."""
        rows = await self._connection.fetch(self._look)
        waits = ", ".join(row["waits"] for row in rows if row["waits"])
        return waits or None, tuple(row["position"] for row in rows)

    async def ends_if_read(self) -> tuple[int, ...] | None:
        """How long each topic is, or None while a group has not read and committed to the end of its own."""
        return await asyncio.to_thread(self._ends_if_read)

    def _ends_if_read(self) -> tuple[int, ...] | None:
        latest = OffsetSpec.latest()
        asked = self._admin.list_offsets(dict.fromkeys(self._places, latest), request_timeout=_SECONDS)
        ends: dict[str, dict[int, int]] = {}
        for place, future in asked.items():
            ends.setdefault(place.topic, {})[place.partition] = future.result(_SECONDS).offset
        behind = [group for group, topic in self._groups.items() if self._is_behind(group, ends[topic])]
        self._ask(behind)
        if any(self._is_behind(group, ends[self._groups[group]]) for group in behind):
            return None
        return tuple(ends[place.topic][place.partition] for place in self._places)

    def _ask(self, groups: Sequence[str]) -> None:
        committed = [
            self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=_SECONDS)
            for group in groups
        ]
        for futures in committed:
            for group, future in futures.items():
                found = future.result(_SECONDS).topic_partitions or ()
                self._read[group] = {place.partition: place.offset for place in found}

    def _is_behind(self, group: str, ends: dict[int, int]) -> bool:
        read = self._read[group]
        return any(read.get(partition, 0) < end for partition, end in ends.items())
