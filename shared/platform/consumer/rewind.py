"""Setting a stopped consumer's offsets back: the inbox drops what was applied, so only what is missing happens."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.contracts import topics
from shared.platform.consumer.handlers import EventConsumer
from shared.platform.errors import Refused, Unavailable
from shared.platform.loops import rest

WAIT_SECONDS: Final = 15.0
"""Longer than a session: Kafka counts a process that has stopped as a reader until its session has run out."""
_ANSWER_SECONDS: Final = 15.0
_SOMEBODY_READS: Final = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.NON_EMPTY_GROUP}


class StillReading(Refused):
    """A process of this service is still reading. Stop it and repeat this."""


class OffsetsNotSet(Unavailable):
    """Kafka did not set every offset back. Look at its brokers and repeat this; twice is the same as once."""


async def rewind(
    options: Mapping[str, Any], consumers: Sequence[EventConsumer], *, on_wait: Callable[[], None] | None = None
) -> list[str]:
    """Set every group of these consumers back to the first record, and give the groups' names.

    `options` are librdkafka's, for an administrator of the cluster. `on_wait` hears once that somebody reads and that
    this waits for their end. Raises StillReading, OffsetsNotSet.
    """
    admin = AdminClient(dict(options))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    groups = {f"{consumer.name}.{topic}": topic for consumer in consumers for topic in consumer.topics}
    for group, topic in groups.items():
        while not await asyncio.to_thread(_set_back, admin, group, topic):
            if loop.time() > deadline:
                raise StillReading
            if on_wait:
                on_wait()
                on_wait = None
            await rest(0.5)
    return list(groups)


def _set_back(admin: AdminClient, group: str, topic: str) -> bool:
    """Whether the group stands at the first record now; false while somebody reads in it."""
    first = [TopicPartition(topic, number, 0) for number in range(topics.partitions(topic))]
    answers = admin.alter_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(group, first)], request_timeout=_ANSWER_SECONDS
    )
    try:
        places = answers[group].result(timeout=_ANSWER_SECONDS).topic_partitions or []
    except (KafkaException, TimeoutError) as error:
        raise OffsetsNotSet from error
    # What Kafka refuses stands here, partition by partition; the answer as a whole is no error then.
    refused = {place.error.code() for place in places if place.error is not None}
    if refused - _SOMEBODY_READS:
        raise OffsetsNotSet
    return not refused
