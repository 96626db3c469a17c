"""The last word on each key of a compacted topic, read to the end it has now; joins no group and commits nothing."""

from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts import topics
from shared.platform.errors import Unavailable
from shared.platform.kafka import client_options
from shared.platform.settings import PlatformSettings

_POLL_MILLISECONDS: Final = 1_000
_SILENT_POLLS: Final = 30


class CannotReadTheTopic(Unavailable):
    """Kafka did not give the topic up to its end. Nothing was changed; it is read again later."""


class LastWord(NamedTuple):
    """What the log says last under a key: the record's headers, and whether it has a body or is a tombstone."""

    headers: dict[str, str]
    has_body: bool


async def read_last_words(settings: PlatformSettings, topic: str) -> dict[str, LastWord]:
    """Read a topic from its beginning to the end it has when this is called; give the last record of each key.

    Keys and header values that are not UTF-8 are kept with replacement characters. Raises CannotReadTheTopic.
    """
    partitions = [TopicPartition(topic, number) for number in range(topics.partitions(topic))]
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        client_id=f"{settings.kafka_username}-last-words",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        return await _read_to(consumer, ends)
    except KafkaError as error:
        raise CannotReadTheTopic from error
    finally:
        await consumer.stop()


async def _read_to(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> dict[str, LastWord]:
    words: dict[str, LastWord] = {}
    silent = 0
    while await _is_short_of(consumer, ends):
        batches = await consumer.getmany(timeout_ms=_POLL_MILLISECONDS)
        silent = 0 if batches else silent + 1
        if silent > _SILENT_POLLS:
            raise CannotReadTheTopic
        for partition, records in batches.items():
            for record in records:
                if record.offset < ends[partition] and record.key is not None:
                    headers = {name: _text(value) for name, value in record.headers}
                    words[_text(record.key)] = LastWord(headers, record.value is not None)
    return words


async def _is_short_of(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    """Whether a partition is still before its end; positions pass the holes that compaction left."""
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return True
    return False


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")
