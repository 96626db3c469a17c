"""Which partitions a consumer is careful with: one that keeps being given out without a commit may hold a killer."""

from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from shared.platform.database import Database, is_nobodys_fault

CAREFUL_FROM: Final = 3
MOST_TRIES: Final = 2


class Starts(ConsumerRebalanceListener):
    """Counts, per partition, how often it was given to this consumer since its last commit.

    From the third start on, events go one a transaction, and each one's offset is written down before it is tried. A
    start may have been an ordinary one, so that alone accuses nobody: an event is a killer when its own offset was
    written down as often as `MOST_TRIES` and never came to its commit.
    """

    def __init__(self, database: Database, consumer: str) -> None:
        self._database = database
        self._consumer = consumer
        self._uncommitted: set[TopicPartition] = set()
        self.careful: set[TopicPartition] = set()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing may depend on this call: it does not come when a process dies."""
        self._uncommitted.difference_update(revoked)
        self.careful.difference_update(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Count the start of each partition; with the database away nothing is counted and nothing is lost."""
        given = sorted(assigned)
        if not given:
            return
        try:
            rows = await self._database.pool.fetch(
                """
                INSERT INTO partition_starts (consumer, topic, partition, starts)
                SELECT $1, given.topic, given.partition, 1
                FROM unnest($2::text[], $3::integer[]) given (topic, partition)
                ON CONFLICT (consumer, topic, partition) DO UPDATE SET starts = partition_starts.starts + 1
                RETURNING topic, partition, starts
                """,
                self._consumer,
                [partition.topic for partition in given],
                [partition.partition for partition in given],
            )
        except Exception as error:
            if not is_nobodys_fault(error):
                raise
            return
        self._uncommitted.update(given)
        self.careful.update(
            TopicPartition(row["topic"], row["partition"]) for row in rows if row["starts"] >= CAREFUL_FROM
        )

    async def is_killer(self, partition: TopicPartition, offset: int) -> bool:
        """Write down, before it is tried, which record that is; true when it has killed often enough.

        What stands before the record that is written down came to its commit, so it is innocent and writes nothing:
        else whatever precedes a killer in its batch would make each of its tries the first.
        """
        tries = await self._database.pool.fetchval(
            """
            UPDATE partition_starts SET trying_offset = $4,
                tries = CASE WHEN trying_offset = $4 THEN tries + 1 ELSE 1 END
            WHERE consumer = $1 AND topic = $2 AND partition = $3 AND (trying_offset IS NULL OR trying_offset <= $4)
            RETURNING tries
            """,
            self._consumer,
            partition.topic,
            partition.partition,
            offset,
        )
        return tries is not None and tries > MOST_TRIES

    async def committed(self, partitions: set[TopicPartition]) -> None:
        """A batch of these partitions was applied: forget their starts, once."""
        fresh = partitions & self._uncommitted
        if not fresh:
            return
        await self._database.pool.execute(
            """
            UPDATE partition_starts SET starts = 0, trying_offset = NULL, tries = 0
            FROM unnest($2::text[], $3::integer[]) done (topic, partition)
            WHERE consumer = $1 AND partition_starts.topic = done.topic AND partition_starts.partition = done.partition
            """,
            self._consumer,
            [partition.topic for partition in fresh],
            [partition.partition for partition in fresh],
        )
        self._uncommitted -= fresh
        for partition in fresh:
            self.careful.discard(partition)


def pause(consumer: AIOKafkaConsumer) -> None:
    """Take nothing new, without leaving the group."""
    consumer.pause(*consumer.assignment())


def resume(consumer: AIOKafkaConsumer) -> None:
    """Take records again."""
    paused = consumer.paused() & consumer.assignment()
    if paused:
        consumer.resume(*paused)
