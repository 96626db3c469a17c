"""The only way to subscribe: one FastStream batch subscriber per topic, offsets committed after the effects."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.platform import crash
from shared.platform.consumer import partitions
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.handlers import EventConsumer
from shared.platform.consumer.partitions import Starts
from shared.platform.consumer.records import Incoming, Record, Unreadable, read
from shared.platform.consumer.retrier import Retrier
from shared.platform.database import Database, is_nobodys_fault
from shared.platform.loops import Backoff, rest
from shared.platform.telemetry import batch_span, histogram, logger
from shared.platform.watch import no_stray_cancellation

MOST_RECORDS: Final = 500
_SMALL: Final = 20
_SESSION_MS: Final = 10_000
_WAIT_MS: Final = 1_000
_SHARE_SECONDS: Final = 0.1  # what follows events that nobody here hears shares a batch: they only move the inbox on

_log = logger("subscribe")
_seconds = histogram("osler_batch_seconds", "From the batch's arrival to its commit", ("consumer", "topic"))


class Subscription:
    """One consumer's batches of one topic: applied, then committed to Kafka; tried again when nobody is at fault."""

    def __init__(self, database: Database, applier: BatchApplier, retrier: Retrier, topic: str) -> None:
        self.topic = topic
        self.name = applier.name
        self.starts = Starts(database, applier.name)
        self._applier = applier
        self._retrier = retrier
        self._backoff = Backoff(first=0.2, most=5.0)

    async def handle(self, message: KafkaMessage) -> None:
        """Apply one batch. Raises NackMessage, so that it is read again, when the database could not be reached."""
        consumer: AIOKafkaConsumer = message.consumer  # pyright: ignore[reportAssignmentType] - FastStream types its protocol
        raw = message.raw_message
        records: Sequence[Record] = raw if isinstance(raw, tuple) else (raw,)
        if self.topic in self._retrier.full:
            partitions.pause(consumer)
            _log.error("subscriber_paused", consumer=self.name, topic=self.topic)
            await rest(1.0)
            raise NackMessage
        try:
            batch = [read(record) for record in records]
            with no_stray_cancellation(), _seconds.labels(self.name, self.topic).time():
                await self._apply(batch)
        except Exception as error:
            if not is_nobodys_fault(error):
                _log.error("batch_failed", consumer=self.name, topic=self.topic, exc_info=True)
            await rest(self._backoff.next())
            raise NackMessage from error
        self._backoff.reset()
        await self._commit(message)
        if len(batch) < _SMALL and not self._applier.hears(batch):
            await rest(_SHARE_SECONDS)

    async def _apply(self, batch: Sequence[Incoming | Unreadable]) -> None:
        given = {TopicPartition(each.record.topic, each.record.partition) for each in batch}
        parents = [record.traceparent for record in batch if isinstance(record, Incoming) and record.is_sampled]
        with batch_span(f"{self.topic} process", parents, {"osler.consumer": self.name, "osler.batch": len(batch)}):
            if self._backoff.failures:
                for start in range(0, len(batch), _SMALL):
                    await self._applier.apply(batch[start : start + _SMALL])
            elif given & self.starts.careful:
                await self._apply_carefully(batch)
            else:
                await self._applier.apply(batch)
            await self.starts.committed(given)

    async def _apply_carefully(self, batch: Sequence[Incoming | Unreadable]) -> None:
        for record in batch:
            place = TopicPartition(record.record.topic, record.record.partition)
            if await self.starts.is_killer(place, record.record.offset):
                await self._applier.park_dead(record)
            else:
                await self._applier.apply_one(record)

    async def _commit(self, message: KafkaMessage) -> None:
        """Tell Kafka; should that fail, the batch comes again and the inbox drops it."""
        try:
            await message.ack()
        except KafkaError as error:
            _log.info("offsets_not_committed", consumer=self.name, topic=self.topic, error=type(error).__name__)
        crash.at("consumer.offset_commit")


@dataclasses.dataclass(frozen=True)
class Subscriptions:
    """What `subscribe_events` made: the subscribers by topic, and the loop that retries what is parked."""

    by_topic: dict[str, Any]
    retrier: Retrier


def subscribe_events(broker: KafkaBroker, database: Database, events: EventConsumer, *, place: str) -> Subscriptions:
    """Subscribe a consumer to every topic that it hears; the group of each is `<consumer>.<topic>`.

    `place` is the process's place among its equals, not its pid: a restart within the session's 10 s takes its
    partitions back without a rebalance.
    """
    applier = BatchApplier(database, events)
    retrier = Retrier(database, applier)
    by_topic: dict[str, Any] = {}
    for topic in events.topics:
        subscription = Subscription(database, applier, retrier, topic)
        subscriber = broker.subscriber(
            topic,
            batch=True,
            max_records=MOST_RECORDS,
            batch_timeout_ms=10,
            group_id=f"{events.name}.{topic}",
            group_instance_id=f"{events.name}.{topic}.{place}",
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            parser=_parse,
            decoder=_keep,
            session_timeout_ms=_SESSION_MS,
            rebalance_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=2_000,
            listener=subscription.starts,
        )
        subscriber.get_msg = _wait_for_records
        subscriber(subscription.handle)
        by_topic[topic] = subscriber
    return Subscriptions(by_topic, retrier)


async def watch_pause(subscriptions: Subscriptions) -> None:
    """Let paused subscribers take records again once few enough aggregates wait."""
    while True:
        for topic, subscriber in subscriptions.by_topic.items():
            if topic not in subscriptions.retrier.full and subscriber.consumer is not None:
                partitions.resume(subscriber.consumer)
        await rest(1.0)


async def _wait_for_records(consumer: AIOKafkaConsumer) -> tuple[Record, ...]:
    """FastStream's own asks a hundred times a second, and sleeps once more after an answer without records.

    So it is late for the first event, and never at rest. Kafka's client waits for records better by itself.
    """
    try:
        polled = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=MOST_RECORDS)
    except KafkaError as error:
        _log.error("records_not_read", topics=sorted(consumer.subscription()), error=repr(error))
        await _go_back(consumer)
        raise
    return tuple(chain.from_iterable(polled.values()))


async def _go_back(consumer: AIOKafkaConsumer) -> None:
    """Read from what is committed: the call that failed may have moved on past records that it never gave out."""
    backoff = Backoff(first=0.2, most=5.0)
    while True:
        try:
            for partition in consumer.assignment():
                offset = await consumer.committed(partition)
                if offset:
                    consumer.seek(partition, offset)
                else:
                    await consumer.seek_to_beginning(partition)
        except KafkaError as error:  # going on without having gone back would lose events
            _log.warning("cannot_go_back", error=repr(error))
            await rest(backoff.next())
        else:
            return


async def _parse(records: tuple[Record, ...], original: Callable[..., Awaitable[KafkaMessage]]) -> KafkaMessage:
    """FastStream's own parser fails on a header that is null or not UTF-8, and then commits past the record.

    It gets one record without headers to build its message from; the records themselves pass untouched.
    """
    message = await original((dataclasses.replace(records[0], headers=()),))
    message.raw_message = records
    return message


async def _keep(message: KafkaMessage) -> KafkaMessage:
    """The body is the message: decoding is ours, event by event, after the inbox has dropped what is known."""
    return message
