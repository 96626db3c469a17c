"""Two at one thing at the same moment: first events, parked batches, timers, locks; each effect is there once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from shared.contracts.pairing import PairEvent, PairResumed
from shared.platform.consumer import EventConsumer, operators
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.operators import NothingParked
from shared.platform.database import Database, Transaction, is_nobodys_fault
from shared.platform.errors import Refused
from shared.platform.timers import Timers, cancel, schedule
from shared.platform.timers.fire import Firer
from shared.testing.eventually import eventually
from tests.chaos.world import World
from tests.spine.bench import BECAUSE, Bench, resumed
from tests.spine.play import TickDue

SIZE = 12


@pytest.fixture
async def bench(world: World) -> AsyncGenerator[Bench]:
    url = world.stage.database("meetings_worker")
    async with Database.open(url, schema="meetings", strict=True, size=SIZE) as database:
        yield Bench(database)


@pytest.fixture
async def publisher(world: World) -> AsyncGenerator[Database]:
    url = world.stage.database("pairing_worker")
    async with Database.open(url, schema="pairing", strict=True, size=SIZE) as database:
        yield database


async def deliver(bench: Bench, events: Sequence[PairEvent]) -> None:
    """A batch, again whenever it was nobody's fault that it failed, as Kafka gives it again."""
    while True:
        try:
            return await bench.deliver(*events)
        except Exception as error:
            if not is_nobodys_fault(error):
                raise


async def test_two_owners_of_first_events_apply_each_once(bench: Bench) -> None:
    for _ in range(60):
        batch = [resumed(uuid4(), 1) for _ in range(5)]
        await asyncio.gather(deliver(bench, batch), deliver(bench, batch[::-1]), deliver(bench, batch))

    effects = await bench.effects()

    assert len(effects) == len(set(effects)) == 300
    assert await bench.parked() == []


async def test_only_the_event_that_failed_waits_and_what_came_before_it_is_applied(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    bench.broken = lambda event: Refused() if event.pair_id == a and event.version == 3 else None

    await bench.deliver(*(resumed(pair_id, version) for version in (1, 2, 3, 4) for pair_id in (a, b)))

    assert sorted(await bench.effects()) == sorted([(a, 1), (a, 2), *((b, version) for version in (1, 2, 3, 4))])
    assert await bench.reasons() == ["refused", "waiting"]


async def test_a_batch_that_comes_while_its_aggregate_is_parked_drained_and_discarded_has_its_effects_once(
    bench: Bench,
) -> None:
    bench.broken = lambda event: Refused() if event.version == 2 else None

    async def discard(pair_id: UUID) -> None:
        while True:
            try:
                await bench.database.run(lambda tx: operators.discard(tx, bench.name, pair_id, 2, BECAUSE))
            except NothingParked:
                continue
            else:
                return

    expected: dict[UUID, list[int]] = {}
    for _ in range(25):
        a = uuid4()
        batch = [resumed(a, version) for version in (1, 2, 3, 4)]
        await asyncio.gather(
            *(deliver(bench, batch) for _ in range(4)), discard(a), *(bench.retrier.drain() for _ in range(4))
        )
        await deliver(bench, batch)
        expected[a] = [1, 3, 4]

    async def nothing_waits() -> bool:
        await bench.retrier.drain()
        return not await bench.parked()

    await eventually(nothing_waits)
    effects = await bench.effects()

    assert {a: [version for each, version in effects if each == a] for a in expected} == expected


class Clockwork:
    """A thousand timers that fall due while somebody takes them back; what happened to each is in `fired` and here."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.subjects = [uuid4() for _ in range(1_000)]
        self.cancelled: list[UUID] = []
        self.timers = Timers("pairing")
        self.timers.on(TickDue)(self.fire)

    async def wind(self) -> None:
        """Set them all."""
        async with self.database.transaction() as tx:
            for subject in self.subjects:
                tx.later("INSERT INTO counters (pair_id) VALUES ($1)", subject)
            await tx.flush()
            for subject in self.subjects:
                await schedule(tx, TickDue(subject_id=subject), tx.now + timedelta(milliseconds=300))

    async def fire(self, tx: Transaction, timer: TickDue) -> None:
        """The effect: one row."""
        await tx.execute(
            "INSERT INTO effects (consumer, aggregate_id, version) VALUES ('race', $1, 1)", timer.subject_id
        )

    async def fire_all(self) -> None:
        """Fire as long as there is one."""
        while await self.database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM timers WHERE kind = 'tick_due')"):
            await Firer(self.database, self.timers).fire_due()

    async def take_back(self, subjects: Sequence[UUID]) -> None:
        """Commands that cancel these, one after the other."""
        for subject in subjects:
            if await self.database.run(partial(take_back, subject=subject)):
                self.cancelled.append(subject)

    async def fired(self) -> list[UUID]:
        """Those whose effect is committed."""
        rows = await self.database.pool.fetch("SELECT aggregate_id FROM effects WHERE consumer = 'race'")
        return [row["aggregate_id"] for row in rows]


async def take_back(tx: Transaction, subject: UUID) -> bool:
    """Cancel a subject's timer as a use case does, under its lock; whether there was one."""
    await tx.find("SELECT FROM counters WHERE pair_id = $1 FOR UPDATE", subject)
    was_there = await tx.find("SELECT FROM timers WHERE subject_id = $1", subject)
    await cancel(tx, TickDue, subject)
    return was_there is not None


async def test_a_timer_fired_and_cancelled_at_once_is_one_of_both(publisher: Database) -> None:
    clockwork = Clockwork(publisher)
    await clockwork.wind()

    taking_back = [clockwork.take_back(clockwork.subjects[start::4]) for start in range(4)]
    await asyncio.gather(clockwork.fire_all(), clockwork.fire_all(), *taking_back)

    fired, cancelled = await clockwork.fired(), clockwork.cancelled
    assert fired
    assert cancelled
    assert sorted([*fired, *cancelled]) == sorted(clockwork.subjects)


async def raise_both(tx: Transaction, counters: Sequence[UUID]) -> None:
    """Change two rows in this order."""
    for counter in counters:
        await tx.execute("UPDATE counters SET version = version + 1 WHERE pair_id = $1", counter)


async def test_deadlocks_between_batches_and_commands_cost_no_event_and_no_command(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    database, consumer = bench.database, EventConsumer(bench.name)
    bench.applier = BatchApplier(database, consumer)
    await database.pool.execute("INSERT INTO counters (pair_id, version) VALUES ($1, 0), ($2, 0)", a, b)

    @consumer.on(PairResumed)
    async def count(tx: Transaction, event: PairResumed) -> None:
        await raise_both(tx, (a, b))
        await bench.note(tx, event)

    async def commands() -> None:
        for _ in range(40):
            await again(lambda: database.run(partial(raise_both, counters=(b, a))))

    async def batches() -> None:
        for _ in range(40):
            await deliver(bench, [resumed(uuid4(), 1)])

    before = await deadlocks(database)
    async with asyncio.TaskGroup() as at_once:  # one that fails ends the others, and with them the wait for their locks
        for each in (commands, batches, commands, batches):
            at_once.create_task(each())

    assert await deadlocks(database) > before
    assert await bench.parked() == []
    assert len(await bench.effects()) == 80
    rows = await database.pool.fetch("SELECT version FROM counters WHERE pair_id = ANY($1)", [a, b])
    assert [row["version"] for row in rows] == [160, 160]


async def again(work: Callable[[], Awaitable[None]]) -> None:
    """A command as a client sends it: once more where it was told that the service is not available."""
    while True:
        try:
            await work()
        except Exception as error:
            if not is_nobodys_fault(error):
                raise
        else:
            return


async def deadlocks(database: Database) -> int:
    """How many this database has seen."""
    await database.pool.execute("SELECT pg_stat_force_next_flush()")
    return await database.pool.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
