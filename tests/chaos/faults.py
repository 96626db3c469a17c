"""The faults: each begins when its block is entered and has ended when the block is left; what it breaks it mends."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from random import Random
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from shared.contracts.topics import partitions
from shared.platform import crash
from shared.platform.kafka import client_options
from shared.platform.loops import rest
from shared.testing.door import Door
from shared.testing.stage import Stage
from tests.chaos.world import Play, World

Fault = Callable[[Play, Random], AbstractAsyncContextManager[None]]
How = Callable[[Door, Random], AbstractAsyncContextManager[None]]


def dice_of(seed: int) -> Random:
    """What falls the same way every time."""
    return Random(seed)  # noqa: S311 - a run that can be drawn again


@asynccontextmanager
async def again_and_again(step: Callable[[], object], pause: Callable[[], float]) -> AsyncGenerator[None]:
    """Repeat something while the block runs; `step` may be a coroutine function."""
    is_over = asyncio.Event()

    async def repeat() -> None:
        while not is_over.is_set():
            result = step()
            if asyncio.iscoroutine(result):
                await result
            with suppress(TimeoutError):
                async with asyncio.timeout(pause()):
                    await is_over.wait()

    # A step that has begun is never cut off: a Kafka client that is starting leaves its connection open then, and one
    # that is stopping keeps the cancellation to itself.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(repeat())
        try:
            yield
        finally:
            is_over.set()


@asynccontextmanager
async def somebody_is_killed(play: Play, dice: Random) -> AsyncGenerator[None]:
    """Publishers, relays and listeners die by SIGKILL, one after the other; each is started again at once."""

    async def kill() -> None:
        victim = dice.choice(play.cast)
        await victim.kill()
        victim.held = False  # whoever starts the dead again may do so

    async with again_and_again(kill, lambda: dice.uniform(0.7, 2.0)):
        yield


@asynccontextmanager
async def somebody_dies_at_a_point(play: Play, dice: Random) -> AsyncGenerator[None]:
    """A process dies at a named place in the code, the first to the fifth time that it passes it."""
    point = dice.choice([point for point in crash.POINTS if play.can_reach(point)])
    victim = dice.choice([actor for actor in play.cast if actor.passes(point)])
    await victim.kill()
    victim.start(crash_at=f"{point}:{dice.randint(1, 5)}")
    yield


@asynccontextmanager
async def somebody_is_frozen(play: Play, dice: Random) -> AsyncGenerator[None]:
    """A process stands still, as on a machine that is moved: for longer than a lease, or only for a moment."""
    victim = dice.choice(play.cast)
    victim.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        victim.signal(signal.SIGCONT)


@asynccontextmanager
async def postgres_is_killed(play: Play, _: Random) -> AsyncGenerator[None]:
    """PostgreSQL ends as in a crash, and is away for a while."""
    postgres = play.world.site.parts.postgres
    await postgres.kill()
    try:
        yield
    finally:
        await postgres.start()


@asynccontextmanager
async def connections_are_ended(play: Play, dice: Random) -> AsyncGenerator[None]:
    """PostgreSQL ends connections, whatever they are in the middle of, as an administrator or a failover does."""

    async def end() -> None:
        async with play.world.database() as connection:
            await connection.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5
                """
            )

    async with again_and_again(end, lambda: dice.uniform(0.1, 0.8)):
        yield


@asynccontextmanager
async def the_disk_is_full(play: Play, _: Random) -> AsyncGenerator[None]:
    """PostgreSQL has no space left for rows."""
    disk = play.world.site.small_disk
    assert disk is not None, "nothing here can be made full: it is drawn only where it can"
    try:
        async with again_and_again(disk.fill, lambda: 0.2):
            yield
    finally:
        disk.free()


@asynccontextmanager
async def kafka_is_killed(play: Play, _: Random) -> AsyncGenerator[None]:
    """Kafka ends as in a crash, and is away for a while."""
    kafka = play.world.site.parts.kafka
    await kafka.kill()
    try:
        yield
    finally:
        await kafka.start()


@asynccontextmanager
async def a_topic_is_refused(play: Play, dice: Random) -> AsyncGenerator[None]:
    """Kafka refuses one of the publishers' topics for a while."""
    service = dice.choice(["pairing", "meetings"])
    async with writes_refused(play.world, service, f"osler.{service}"):
        yield


@asynccontextmanager
async def writes_refused(world: World, service: str, topic: str) -> AsyncGenerator[None]:
    """Kafka takes nothing for this topic from this service."""
    admin = world.admin()
    everything = (None, AclOperation.ANY, AclPermissionType.ANY)
    publishing = AclBindingFilter(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{service}", *everything
    )
    revoked = await asyncio.to_thread(admin.delete_acls([publishing])[publishing].result, 15)
    try:
        yield
    finally:
        for granted in admin.create_acls(list(revoked)).values():
            await asyncio.to_thread(granted.result, 15)


def _door_fault(which: str) -> Fault:
    """Somebody's way to Kafka or PostgreSQL is cut, shut, silent, slow, narrow or forgetful."""

    @asynccontextmanager
    async def fault(play: Play, dice: Random) -> AsyncGenerator[None]:
        actor = dice.choice(play.cast)
        door: Door = getattr(actor, which)
        how: How = dice.choice([*_HOW, *([forgetful] * 2 if which == "postgres" else [])])
        try:
            async with how(door, dice):
                yield
        finally:
            door.open()

    return fault


def cut(door: Door, dice: Random) -> AbstractAsyncContextManager[None]:
    return again_and_again(door.cut, lambda: dice.uniform(0.1, 1.0))


def forgetful(door: Door, dice: Random) -> AbstractAsyncContextManager[None]:
    def forget() -> None:
        door.forgets_answer_to = b"COMMIT"

    return again_and_again(forget, lambda: dice.uniform(0.1, 1.0))


@asynccontextmanager
async def shut(door: Door, _: Random) -> AsyncGenerator[None]:
    door.shut()
    yield


@asynccontextmanager
async def silent(door: Door, _: Random) -> AsyncGenerator[None]:
    door.fall_silent()
    yield


@asynccontextmanager
async def slow(door: Door, dice: Random) -> AsyncGenerator[None]:
    door.delay_seconds = dice.uniform(0.01, 0.3)
    yield


@asynccontextmanager
async def narrow(door: Door, dice: Random) -> AsyncGenerator[None]:
    door.bytes_per_second = dice.uniform(2_000, 50_000)
    yield


@asynccontextmanager
async def old_records_come_again(play: Play, dice: Random) -> AsyncGenerator[None]:
    """What lies in the log is published again: the newest, the oldest, and anything between, in any order."""

    async def repeat() -> None:
        with suppress(KafkaError, TimeoutError):  # Kafka may be away: another fault of the same run
            async with asyncio.timeout(10):
                records = await log_of(play.world.stage, "osler.pairing", "meetings")
                await publish_again(play.world.stage, "pairing", dice.sample(records, min(len(records), 100)))

    async with again_and_again(repeat, lambda: dice.uniform(0.2, 1.0)):
        yield


async def log_of(stage: Stage, topic: str, reader: str) -> list[ConsumerRecord]:
    """Every record of a topic as it is now."""
    consumer = AIOKafkaConsumer(**client_options(stage.settings(reader)), auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, number) for number in range(partitions(topic))]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        records: list[ConsumerRecord] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for some in (await consumer.getmany(timeout_ms=500)).values():
                records += some
        return records
    finally:
        await consumer.stop()


async def publish_again(stage: Stage, publisher: str, records: list[ConsumerRecord]) -> None:
    """Send records once more, byte for byte, to the partitions where they lie."""
    producer = AIOKafkaProducer(**client_options(stage.settings(publisher)), acks="all")
    try:
        await producer.start()
        for record in records:
            headers = [(name, value or b"") for name, value in record.headers]
            await producer.send(record.topic, record.value, record.key, record.partition, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


@asynccontextmanager
async def listeners_come_and_go(play: Play, dice: Random) -> AsyncGenerator[None]:
    """A listener leaves in an orderly way and comes back, so that partitions change hands under load."""

    async def leave() -> None:
        dice.choice(play.listeners).signal(signal.SIGTERM)

    async with again_and_again(leave, lambda: dice.uniform(1.0, 2.5)):
        yield


@asynccontextmanager
async def somebody_holds_the_counters(play: Play, dice: Random) -> AsyncGenerator[None]:
    """A transaction of nobody's holds the rows that commands and timers want, and then rolls back."""

    async def hold() -> None:
        async with play.world.database() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute("SELECT FROM pairing.counters WHERE random() < 0.5 FOR UPDATE")
                await rest(dice.uniform(0.2, 1.5))
            finally:
                await transaction.rollback()

    async with again_and_again(hold, lambda: dice.uniform(0.1, 0.5)):
        yield


_HOW: Final[tuple[How, ...]] = (cut, shut, silent, slow, narrow)
kafka_door: Final = _door_fault("kafka")
postgres_door: Final = _door_fault("postgres")

GROUPS: Final[dict[str, dict[str, Fault]]] = {
    "process": {
        "killed": somebody_is_killed,
        "death at a point": somebody_dies_at_a_point,
        "frozen": somebody_is_frozen,
    },
    "postgres": {
        "PostgreSQL killed": postgres_is_killed,
        "connections ended": connections_are_ended,
        "disk full": the_disk_is_full,
        "rows held": somebody_holds_the_counters,
    },
    "kafka": {"Kafka killed": kafka_is_killed, "topic refused": a_topic_is_refused},
    "door to PostgreSQL": {"door to PostgreSQL": postgres_door},
    "door to Kafka": {"door to Kafka": kafka_door},
    "log": {"old records again": old_records_come_again},
    "group": {"listeners come and go": listeners_come_and_go},
}
"""Of each group a run has at most one: two of the same would hide each other, or break what the other mends."""
