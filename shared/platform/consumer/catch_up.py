"""What was never heard is heard in order of cause, a topic at a time; afterwards no topic waits for another."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition

from shared.contracts import topics
from shared.platform.database import Database
from shared.platform.loops import rest
from shared.platform.telemetry import logger

_log = logger("catch_up")


def in_order_of_cause(names: list[str]) -> list[str]:
    """The topics in the catalogue's order, where each stands after those whose events cause its own."""
    every = list(topics.catalogue().topics)
    return sorted(names, key=every.index)


async def read_earlier_first(database: Database, consumer: str, topic: str, earlier: Mapping[str, Any]) -> None:
    """Before a topic is heard for the first time, read what stands before it to the end that it has now.

    So an emptied service meets an event after whatever caused it, and decides as it decided before.
    """
    known = "SELECT EXISTS (SELECT 1 FROM partition_starts WHERE consumer = $1 AND topic = $2)"
    if await database.pool.fetchval(known, consumer, topic):
        return
    for name, subscriber in earlier.items():
        reader = subscriber.consumer
        places = [TopicPartition(name, number) for number in range(topics.partitions(name))]
        ends = await reader.end_offsets(places)
        while not await _has_committed(reader, ends):
            await rest(0.1)
    _log.info("earlier_topics_read", consumer=consumer, topic=topic)


async def _has_committed(reader: Any, ends: Mapping[TopicPartition, int]) -> bool:
    places = [place for place, end in ends.items() if end]
    committed = await asyncio.gather(*(reader.committed(place) for place in places))
    return all((done or 0) >= ends[place] for place, done in zip(places, committed, strict=True))
