"""The log as a stock client reads it: librdkafka, from offset 0 to the end that a topic has now, without our code."""

from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Record:
    """One record with its place."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: dict[str, bytes]
    body: bytes | None


def read(options: dict[str, Any], group: str, topic: str) -> list[Record]:
    """Every record of a topic, partition after partition; raises KafkaException where the broker refuses."""
    consumer = Consumer(options | {"group.id": group, "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        known = consumer.list_topics(topic, timeout=_SECONDS).topics[topic]
        if known.error is not None:
            raise KafkaException(known.error)
        consumer.assign([TopicPartition(topic, number, 0) for number in known.partitions])
        return _to_the_ends(consumer, set(known.partitions))
    finally:
        consumer.close()


def _to_the_ends(consumer: Consumer, left: set[int]) -> list[Record]:
    found: list[Record] = []
    while left:
        message = consumer.poll(_SECONDS)
        assert message is not None, f"partitions {left} gave neither a record nor their end"
        error = message.error()
        if error is None:
            found.append(_record(message))
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            left.discard(message.partition())
        else:
            raise KafkaException(error)
    return found


def _record(message: Any) -> Record:
    headers = dict(message.headers() or [])
    return Record(message.topic(), message.partition(), message.offset(), message.key(), headers, message.value())
