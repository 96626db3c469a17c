"""Events out, step two: outbox rows to Kafka, each aggregate's in order; a row leaves only after Kafka acknowledged it.

Why order holds whoever sends and however often: a version is inserted only after its predecessor committed, and every
relay sends an aggregate's rows from the lowest one left. So the first occurrence of each version is in order and
without gaps, and neither the lease nor the delete needs a guard.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.platform import crash
from shared.platform.database import Database, Row, Transaction, is_nobodys_fault
from shared.platform.loops import Backoff, forever, rest
from shared.platform.outbox import SHARDS
from shared.platform.telemetry import count, gauge, logger

_READ: Final = 1_000
_LEASE_SECONDS: Final = 5.0
_RENEW_SECONDS: Final = 1.5
_POLL_SECONDS: Final = 0.1
_SHARE_SECONDS: Final = 0.005  # an event that comes after a quiet moment goes at once, what follows it shares a round
_SLOW_SEND_SECONDS: Final = 1.0
_REFUSALS: Final = (
    TopicAuthorizationFailedError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

T = TypeVar("T")
Lane = tuple[str, int]
"""Topic and partition: what Kafka refuses or delays holds back its own lane and no other."""

_log = logger("relay")
_sent = count("osler_relay_sent", "Outbox rows acknowledged by Kafka")
_held = gauge("osler_relay_held_lanes", "Topic partitions whose rows Kafka refuses")
_age = gauge("osler_outbox_age_seconds", "Age of the oldest row in the outbox")


class ProducerReplaced(KafkaError):
    """The producer that this send waited for was given up; the rows are still in the outbox."""


@dataclass
class Lanes:
    """Which lanes a shard leaves out meanwhile: `busy` ones still wait for Kafka, `held` ones were refused."""

    busy: dict[Lane, asyncio.Task[None]] = field(default_factory=dict[Lane, asyncio.Task[None]])
    held: dict[Lane, float] = field(default_factory=dict[Lane, float])
    backoff: dict[Lane, Backoff] = field(default_factory=dict[Lane, Backoff])

    def left_out(self) -> set[Lane]:
        now = time.monotonic()
        self.held = {lane: until for lane, until in self.held.items() if until > now}
        return {*self.busy, *self.held}

    def hold(self, lane: Lane) -> None:
        backoff = self.backoff.setdefault(lane, Backoff(first=0.2, most=30.0))
        self.held[lane] = time.monotonic() + backoff.next()

    def release(self, lane: Lane) -> None:
        self.backoff.pop(lane, None)


class Relay:
    """Sends the outbox of one service; several processes may run one, and share its shards by leases."""

    def __init__(self, database: Database, make_producer: Callable[[], AIOKafkaProducer]) -> None:
        self._database = database
        self._make_producer = make_producer
        self._owner = str(uuid4())
        self._until: dict[int, float] = {}
        self._wake: list[asyncio.Event] = [asyncio.Event() for _ in range(SHARDS)]
        self._lanes = [Lanes() for _ in range(SHARDS)]
        self._rebuild = asyncio.Lock()
        self._closing: list[asyncio.Task[None]] = []
        self._producer: AIOKafkaProducer  # these two go together, and `run` has both before any shard begins
        self._replaced: asyncio.Future[None]

    def wake(self, tx: Transaction) -> None:
        """Look at the shards that a transaction of this process has just written."""
        for shard in tx.shards:
            self._wake[shard].set()

    async def run(self) -> None:
        """Relay until cancelled; leases are given back on the way out."""
        self._replaced = asyncio.get_running_loop().create_future()
        self._producer = await self._started_producer()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(forever(self._renew, _log), name="relay-leases")
                tasks.create_task(forever(self._poll, _log), name="relay-poll")
                for shard in range(SHARDS):
                    tasks.create_task(forever(partial(self._round, shard), _log), name=f"relay-{shard}")
        finally:
            await self._give_up()

    async def _renew(self) -> float:
        asked = time.monotonic()
        rows = await self._database.pool.fetch(
            """
            INSERT INTO relay_leases (shard, owner, lease_until)
            SELECT shard, $1, clock_timestamp() + make_interval(secs => $2) FROM generate_series(0, $3 - 1) shard
            ON CONFLICT (shard) DO UPDATE SET owner = EXCLUDED.owner, lease_until = EXCLUDED.lease_until
            WHERE relay_leases.owner = EXCLUDED.owner OR relay_leases.lease_until < clock_timestamp()
            RETURNING shard
            """,
            self._owner,
            _LEASE_SECONDS,
            SHARDS,
        )
        mine: set[int] = {row["shard"] for row in rows}
        for shard in mine - self._until.keys():
            self._wake[shard].set()
        self._until = dict.fromkeys(mine, asked + _LEASE_SECONDS)
        return _RENEW_SECONDS

    async def _poll(self) -> float:
        """Find what other processes have written, and what a lost wake-up left behind."""
        mine = [shard for shard, until in self._until.items() if until > time.monotonic()]
        if not mine:
            return _POLL_SECONDS
        rows = await self._database.pool.fetch(
            """
            SELECT shard, extract(epoch FROM clock_timestamp() - o.written_at)::float8 AS age
            FROM unnest($1::smallint[]) shard
            CROSS JOIN LATERAL (
                SELECT written_at FROM outbox WHERE outbox.shard = shard.shard ORDER BY position LIMIT 1
            ) o
            """,
            mine,
        )
        shards: list[int] = [row["shard"] for row in rows]
        for shard in shards:
            self._wake[shard].set()
        _age.set(max((row["age"] for row in rows), default=0.0))
        return _POLL_SECONDS

    async def _round(self, shard: int) -> float:
        await self._wake[shard].wait()
        self._wake[shard].clear()
        while self._until.get(shard, 0.0) > time.monotonic():
            lanes = self._lanes[shard]
            rows = await self._read(shard, lanes.left_out())
            if rows:
                await self._send(shard, lanes, rows)
            if len(rows) < _READ:  # all that was there: whatever was committed since then has set the event again
                break
        return _SHARE_SECONDS

    async def _read(self, shard: int, left_out: Iterable[Lane]) -> list[Row]:
        lanes = list(left_out)
        if not lanes:
            return await self._database.pool.fetch(
                """
                SELECT position, topic, partition, key, array_to_string(headers, E'\x1f') AS headers, payload
                FROM outbox WHERE shard = $1 ORDER BY position LIMIT $2
                """,
                shard,
                _READ,
            )
        return await self._database.pool.fetch(
            """
            SELECT position, topic, partition, key, array_to_string(headers, E'\x1f') AS headers, payload
            FROM outbox WHERE shard = $1 AND NOT EXISTS (
                SELECT 1 FROM unnest($3::text[], $4::integer[]) lane (topic, partition)
                WHERE lane.topic = outbox.topic AND lane.partition = outbox.partition
            )
            ORDER BY position LIMIT $2
            """,
            shard,
            _READ,
            [topic for topic, _ in lanes],
            [partition for _, partition in lanes],
        )

    async def _send(self, shard: int, lanes: Lanes, rows: Sequence[Row]) -> None:
        groups: dict[Lane, list[Row]] = defaultdict(list)
        for row in rows:
            groups[row[1], row[2]].append(row)
        tasks = {lane: asyncio.create_task(self._send_lane(lanes, lane, group)) for lane, group in groups.items()}
        done, _ = await asyncio.wait(tasks.values(), timeout=_SLOW_SEND_SECONDS)
        # A slow send is waited for and never repeated; meanwhile the shard goes on without its lane.
        for lane, task in tasks.items():
            if task not in done:
                lanes.busy[lane] = asyncio.create_task(self._finish_late(shard, lanes, lane, task))
        await self._delete(shard, [position for task in done for position in task.result()])

    async def _send_lane(self, lanes: Lanes, lane: Lane, rows: Sequence[Row]) -> list[int]:
        """Send the rows of one lane in order, batch after batch, and give the positions that Kafka acknowledged."""
        producer, replaced = self._producer, self._replaced
        acknowledged: list[int] = []
        try:
            while len(acknowledged) < len(rows):
                batch, taken = _fill(producer, rows[len(acknowledged) :])
                future = await _unless(replaced, producer.send_batch(batch, lane[0], partition=lane[1]))
                crash.at("relay.send")
                await _unless(replaced, future)
                acknowledged.extend(row["position"] for row in taken)
        except KafkaError as error:
            lanes.hold(lane)
            await self._complain(producer, lane, error)
        else:
            lanes.release(lane)
        return acknowledged

    async def _finish_late(self, shard: int, lanes: Lanes, lane: Lane, task: asyncio.Task[list[int]]) -> None:
        try:
            await self._delete(shard, await task)
        except Exception as error:
            if not is_nobodys_fault(error):
                raise
            _log.warning("relay_delete_failed", topic=lane[0], partition=lane[1], error=type(error).__name__)
        finally:
            del lanes.busy[lane]
            self._wake[shard].set()

    async def _delete(self, shard: int, positions: list[int]) -> None:
        if not positions:
            return
        crash.at("relay.acknowledgement")
        await self._database.pool.execute(
            "DELETE FROM outbox WHERE shard = $1 AND position = ANY($2::bigint[])", shard, positions
        )
        crash.at("relay.delete")
        _sent.inc(len(positions))

    async def _complain(self, producer: AIOKafkaProducer, lane: Lane, error: KafkaError) -> None:
        refused = isinstance(error, _REFUSALS)
        _held.set(sum(len(lanes.held) for lanes in self._lanes))
        _log.error(
            "relay_refused" if refused else "relay_send_failed",
            topic=lane[0],
            partition=lane[1],
            error=type(error).__name__,
        )
        if not (error.retriable or refused or isinstance(error, ProducerReplaced)):
            await self._replace(producer)

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        """A producer that met a fatal error stays broken (aiokafka 1017): go on with a new one.

        What the old one had under way may still arrive; it is a duplicate of what is sent again, behind its first copy.
        """
        async with self._rebuild:
            if self._producer is broken:
                self._producer = await self._started_producer()
                self._replaced.set_result(None)
                self._replaced = asyncio.get_running_loop().create_future()
                self._closing.append(asyncio.create_task(_stop(broken)))
                self._closing = [task for task in self._closing if not task.done()]

    async def _started_producer(self) -> AIOKafkaProducer:
        backoff = Backoff(first=0.2, most=5.0)
        while True:
            producer = self._make_producer()
            try:
                await producer.start()
            except KafkaError as error:
                await _stop(producer)
                _log.warning("relay_waits_for_kafka", error=type(error).__name__)
                await rest(backoff.next())
            else:
                return producer

    async def _give_up(self) -> None:
        """Give the leases back at once, so that another process need not wait for them to run out."""
        await _stop(self._producer)
        for lanes in self._lanes:
            for task in lanes.busy.values():
                task.cancel()
        try:
            async with asyncio.timeout(2):
                await self._database.pool.execute("DELETE FROM relay_leases WHERE owner = $1", self._owner)
        except Exception as error:  # noqa: BLE001 - the leases run out by themselves
            _log.info("relay_leases_left", error=type(error).__name__)


async def _unless(replaced: asyncio.Future[None], wait: Awaitable[T]) -> T:
    """Wait for Kafka as long as it takes, but not for a producer that is given up: its waits may never end.

    `replaced` is that producer's own: a wait may end in the moment of the replacement, and the next must not begin.
    """
    task = asyncio.ensure_future(wait)
    try:
        await asyncio.wait({task, replaced}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not task.done():
            task.cancel()
    if task.cancelled() or not task.done():
        raise ProducerReplaced
    return task.result()


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer, waiting at most 5 s: with Kafka away an idempotent one would wait for ever."""
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (TimeoutError, KafkaError) as error:
        _log.info("producer_not_stopped", error=type(error).__name__)


def _fill(producer: AIOKafkaProducer, rows: Sequence[Row]) -> tuple[Any, Sequence[Row]]:
    """A batch with as many of the rows as fit, in order, and which they are."""
    batch = producer.create_batch()
    taken = rows
    for number, (_, _, _, key, joined, payload) in enumerate(rows):
        if batch.append(key=key, value=payload, timestamp=None, headers=_headers(joined)) is None:
            taken = rows[:number]
            break
    batch.close()
    return batch, taken


def _headers(joined: str) -> list[tuple[str, bytes]]:
    """Kafka's headers from one text: to decode an array of twenty texts took as long as all the rest of a row."""
    words = iter(joined.split("\x1f"))
    return list(zip(words, map(str.encode, words), strict=False))
