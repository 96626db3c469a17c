"""A topic from its first record to the end it has now; joins no group, commits nothing, and never gives half of it."""

from collections.abc import AsyncGenerator
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts import topics
from shared.platform.errors import Unavailable
from shared.platform.kafka import client_options
from shared.platform.settings import PlatformSettings

_POLL_MILLISECONDS: Final = 1_000
_SILENT_POLLS: Final = 30


class CannotReadTheTopic(Unavailable):
    """Kafka did not give the topic up to its end. Nothing was changed; it is read again later."""


async def read_whole(settings: PlatformSettings, topic: str) -> AsyncGenerator[list[ConsumerRecord]]:
    """The records of a topic, each partition's in order, up to the end it has when this is called.

    Raises CannotReadTheTopic.
    """
    partitions = [TopicPartition(topic, number) for number in range(topics.partitions(topic))]
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        client_id=f"{settings.kafka_username}-whole-topic",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        silent = 0
        while await _is_short_of(consumer, ends):
            batches = await consumer.getmany(timeout_ms=_POLL_MILLISECONDS)
            silent = 0 if batches else silent + 1
            if silent > _SILENT_POLLS:
                raise CannotReadTheTopic
            for partition, records in batches.items():
                yield [record for record in records if record.offset < ends[partition]]
    except KafkaError as error:
        raise CannotReadTheTopic from error
    finally:
        await consumer.stop()


async def _is_short_of(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    """Whether a partition is still before its end; positions pass the holes that compaction left."""
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return True
    return False
