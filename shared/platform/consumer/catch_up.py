"""A service without history reads the directory first, to the end it had at the start; others wait for nothing."""

import asyncio
from typing import Any, Final

from aiokafka import TopicPartition

from shared.contracts import topics
from shared.platform.database import Database
from shared.platform.loops import rest
from shared.platform.telemetry import logger

DIRECTORY: Final = "osler.directory"
_log = logger("catch_up")


async def read_directory_first(database: Database, subscriber: Any, consumer: str) -> None:
    """Wait until the consumer's group has committed all that the directory had said when this began.

    Only saves retries: an event that comes before the person it names would wait as `not_yet` and be tried again.
    """
    if await database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM inbox WHERE consumer = $1)", consumer):
        return
    reader = subscriber.consumer
    places = [TopicPartition(DIRECTORY, number) for number in range(topics.partitions(DIRECTORY))]
    ends = await reader.end_offsets(places)
    while True:
        committed = await asyncio.gather(*(reader.committed(place) for place in places))
        if all((done or 0) >= ends[place] for place, done in zip(places, committed, strict=True)):
            _log.info("directory_read", consumer=consumer, records=sum(ends.values()))
            return
        await rest(0.1)
