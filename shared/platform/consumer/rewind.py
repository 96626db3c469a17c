"""Setting a stopped consumer's offsets back: the inbox drops what was applied, so only what is missing happens."""

import asyncio
from collections.abc import Sequence

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from shared.contracts import topics
from shared.platform.consumer.handlers import EventConsumer
from shared.platform.errors import Refused

_SECONDS = 15


class StillReading(Refused):
    """A process of this service is still reading. Nothing was changed; stop it and repeat."""


async def rewind(options: dict[str, str], consumers: Sequence[EventConsumer]) -> list[str]:
    """Set every group of these consumers back to the first record, and give the groups' names.

    `options` are librdkafka's, for an administrator of the cluster. Raises StillReading.
    """
    return await asyncio.to_thread(_rewind, options, consumers)


def _rewind(options: dict[str, str], consumers: Sequence[EventConsumer]) -> list[str]:
    admin = AdminClient(options)
    groups: list[str] = []
    for consumer in consumers:
        for topic in consumer.topics:
            group = f"{consumer.name}.{topic}"
            first = [TopicPartition(topic, number, 0) for number in range(topics.partitions(topic))]
            futures = admin.alter_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, first)], request_timeout=_SECONDS
            )
            try:
                futures[group].result(timeout=_SECONDS)
            except KafkaException as error:
                raise StillReading from error
            groups.append(group)
    return groups
