"""Timers on real PostgreSQL: one that fails or ends the process holds back no other, and none fires early."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from shared.platform.consumer import operators
from shared.platform.database import Database, Row, Transaction
from shared.platform.errors import Unavailable
from shared.platform.telemetry import REGISTRY
from shared.platform.timers import Timers, cancel, fire, schedule
from shared.platform.timers.fire import Firer
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.spine.play import TickDue


class Clockwork:
    """Timers whose handler a test can break, by subject."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fired: list[UUID] = []
        self.late: list[timedelta] = []
        self.broken: dict[UUID, BaseException] = {}
        self.hanging: set[UUID] = set()
        self.timers = Timers("pairing")
        self.timers.on(TickDue)(self.fire)
        self.firer = Firer(database, self.timers)

    async def fire(self, tx: Transaction, timer: TickDue) -> None:
        """Note the subject, or fail for it."""
        if timer.subject_id in self.hanging:
            await asyncio.get_running_loop().create_future()
        if timer.subject_id in self.broken:
            raise self.broken[timer.subject_id]
        self.fired.append(timer.subject_id)
        self.late.append(tx.now - (timer.due_at or tx.now))

    async def set(self, subject_id: UUID, seconds: float) -> None:
        """A subject with a timer so many seconds from now."""
        async with self.database.transaction() as tx:
            await tx.execute("INSERT INTO counters (pair_id) VALUES ($1) ON CONFLICT DO NOTHING", subject_id)
            await schedule(tx, TickDue(subject_id=subject_id), tx.now + timedelta(seconds=seconds))

    async def reason(self, subject_id: UUID) -> str | None:
        """Why a subject's timer waits."""
        return await self.database.pool.fetchval("SELECT reason FROM timers WHERE subject_id = $1", subject_id)

    async def again(self) -> None:
        """Let what waits for its next try be due, and pass once."""
        await self.database.pool.execute("UPDATE timers SET next_try_at = now() WHERE next_try_at IS NOT NULL")
        await self.firer.fire_due()


@pytest.fixture
async def clockwork(play_stage: Stage) -> AsyncGenerator[Clockwork]:
    async with Database.open(play_stage.database("pairing_worker"), schema="pairing", strict=True) as database:
        await database.pool.execute("DELETE FROM timers")
        await database.pool.execute("DELETE FROM partition_starts WHERE consumer = 'timers'")
        yield Clockwork(database)


async def test_a_timer_fires_once_and_never_early(clockwork: Clockwork) -> None:
    due, coming = uuid4(), uuid4()
    await clockwork.set(due, -1)
    await clockwork.set(coming, 60)

    await clockwork.firer.fire_due()
    await clockwork.firer.fire_due()

    assert clockwork.fired == [due]


async def test_no_timer_is_early_by_a_millisecond_while_the_clock_comes_near(clockwork: Clockwork) -> None:
    for number in range(20):
        await clockwork.set(uuid4(), number / 20)

    async def all_fired() -> bool:
        await clockwork.firer.fire_due()
        return len(clockwork.fired) == 20

    await eventually(all_fired, every=0.001)

    assert min(clockwork.late) >= timedelta(0)


async def test_a_timer_that_was_moved_or_cancelled_does_not_fire(clockwork: Clockwork) -> None:
    moved, cancelled = uuid4(), uuid4()
    await clockwork.set(moved, -1)
    await clockwork.set(moved, 60)
    await clockwork.set(cancelled, -1)
    async with clockwork.database.transaction() as tx:
        await cancel(tx, TickDue, cancelled)

    await clockwork.firer.fire_due()

    assert clockwork.fired == []


async def test_a_timer_that_is_moved_or_cancelled_after_it_was_read_does_not_fire(clockwork: Clockwork) -> None:
    moved, cancelled, left = uuid4(), uuid4(), uuid4()
    for subject_id in (moved, cancelled, left):
        await clockwork.set(subject_id, -1)

    class Interrupted(Firer):
        async def _due(self, tx: Transaction) -> list[Row]:
            due = await super()._due(tx)
            await clockwork.set(moved, 60)
            async with clockwork.database.transaction() as command:
                await cancel(command, TickDue, cancelled)
            return due

    assert await Interrupted(clockwork.database, clockwork.timers).fire_due() == 3

    assert clockwork.fired == [left]
    rows = await clockwork.database.pool.fetch("SELECT subject_id FROM timers")
    assert [row["subject_id"] for row in rows] == [moved]


async def test_a_timer_whose_subject_a_command_holds_is_passed_over_and_fires_afterwards(clockwork: Clockwork) -> None:
    held, free = uuid4(), uuid4()
    await clockwork.set(held, -1)
    await clockwork.set(free, -1)

    async with clockwork.database.transaction() as tx:
        await tx.find("SELECT pair_id FROM counters WHERE pair_id = $1 FOR UPDATE", held)
        await clockwork.firer.fire_due()
        assert clockwork.fired == [free]
    await clockwork.firer.fire_due()

    assert clockwork.fired == [free, held]


async def test_a_timer_whose_subject_is_gone_waits_with_that_reason_and_the_others_fire(clockwork: Clockwork) -> None:
    gone, held, free = uuid4(), uuid4(), uuid4()
    for subject_id in (gone, held, free):
        await clockwork.set(subject_id, -1)
    await clockwork.database.pool.execute("DELETE FROM counters WHERE pair_id = $1", gone)

    async with clockwork.database.transaction() as tx:
        await tx.find("SELECT pair_id FROM counters WHERE pair_id = $1 FOR UPDATE", held)
        await clockwork.firer.fire_due()
        await clockwork.firer.fire_due()

    assert clockwork.fired == [free]
    assert (await clockwork.reason(gone), await clockwork.reason(held)) == ("subject_is_gone", None)
    async with clockwork.database.transaction() as tx:
        [waits] = await operators.list_parked(tx)
    assert (waits["kind"], waits["subject_id"], waits["attempts"]) == (TickDue.kind, gone, 1)


async def test_a_pass_whose_subjects_are_all_held_leaves_the_next_to_those_behind_them(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fire, "MOST_A_PASS", 2)
    first, second, third = uuid4(), uuid4(), uuid4()
    for seconds, subject_id in ((-3, first), (-2, second), (-1, third)):
        await clockwork.set(subject_id, seconds)

    async with clockwork.database.transaction() as tx:
        await tx.fetch("SELECT pair_id FROM counters WHERE pair_id = ANY($1) FOR UPDATE", [first, second])
        await clockwork.firer.fire_due()
        assert clockwork.fired == []
        await clockwork.firer.fire_due()
        assert clockwork.fired == [third]
    await clockwork.firer.fire_due()

    assert clockwork.fired == [third, first, second]


async def test_a_timer_that_fails_waits_with_its_reason_and_the_others_go_on(clockwork: Clockwork) -> None:
    bad, good = uuid4(), uuid4()
    await clockwork.set(bad, -2)
    await clockwork.set(good, -1)
    clockwork.broken[bad] = ValueError("a secret")

    await clockwork.firer.fire_due()

    assert clockwork.fired == [good]
    row = await clockwork.database.pool.fetchrow("SELECT attempts, reason FROM timers WHERE subject_id = $1", bad)
    assert row is not None
    assert row["attempts"] == 1
    assert row["reason"].startswith("bug ValueError spine/test_timers.py:")

    clockwork.broken.clear()
    await clockwork.again()
    assert clockwork.fired == [good, bad]


async def test_a_timer_that_ends_the_process_lets_the_others_fire_after_the_third_death(clockwork: Clockwork) -> None:
    killer, good = uuid4(), uuid4()
    await clockwork.set(killer, -2)
    await clockwork.set(good, -1)
    clockwork.broken[killer] = SystemExit()  # a BaseException goes past every guard, as a death does

    for _ in range(4):
        with contextlib.suppress(SystemExit):
            await clockwork.firer.fire_due()

    assert clockwork.fired == [good]
    assert await clockwork.reason(killer) == "trying"


@pytest.mark.parametrize("limit", ["HANDLER_SECONDS", "BATCH_SECONDS"])
async def test_a_timer_that_hangs_is_put_off_and_the_others_fire(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(fire, limit, 0.2)
    stuck, good = uuid4(), uuid4()
    await clockwork.set(stuck, -2)
    await clockwork.set(good, -1)
    clockwork.hanging.add(stuck)

    await asyncio.wait_for(clockwork.firer.fire_due(), 5)

    assert clockwork.fired == [good]
    assert await clockwork.reason(stuck) == "took_too_long"

    clockwork.hanging.clear()
    await clockwork.again()
    assert clockwork.fired == [good, stuck]


async def test_a_timer_that_lacks_something_is_put_off_and_the_others_fire(clockwork: Clockwork) -> None:
    bad, good = uuid4(), uuid4()
    await clockwork.set(bad, -2)
    await clockwork.set(good, -1)
    clockwork.broken[bad] = Unavailable()

    await clockwork.firer.fire_due()

    assert clockwork.fired == [good]
    assert await clockwork.reason(bad) == "unavailable"


async def test_a_stray_cancellation_in_a_timer_ends_nothing_but_its_try(clockwork: Clockwork) -> None:
    bad, good = uuid4(), uuid4()
    await clockwork.set(bad, -2)
    await clockwork.set(good, -1)
    clockwork.broken[bad] = asyncio.CancelledError()

    await clockwork.firer.fire_due()

    assert clockwork.fired == [good]
    assert (await clockwork.reason(bad) or "").startswith("bug RuntimeError")


async def test_only_a_timer_whose_effect_is_committed_counts_as_fired(clockwork: Clockwork) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("osler_timers_fired_total", {"kind": TickDue.kind}) or 0.0

    bad, good, held = uuid4(), uuid4(), uuid4()
    await clockwork.set(good, -3)
    await clockwork.set(held, -2)
    await clockwork.set(bad, -1)
    clockwork.broken[bad] = ValueError()
    before = counted()

    async with clockwork.database.transaction() as tx:
        await tx.find("SELECT pair_id FROM counters WHERE pair_id = $1 FOR UPDATE", held)
        await clockwork.firer.fire_due()

    assert clockwork.fired[-1:] == [good]
    assert counted() - before == 1


async def test_timers_taken_as_a_list_come_in_order_of_due_time(clockwork: Clockwork) -> None:
    lists: list[list[UUID]] = []

    async def fire_many(_: Transaction, timers: Sequence[TickDue]) -> None:
        lists.append([timer.subject_id for timer in timers])

    timers = Timers("pairing")
    timers.on_many(TickDue)(fire_many)
    first, second, third = uuid4(), uuid4(), uuid4()
    for seconds, subject_id in ((-1, third), (-3, first), (-2, second)):
        await clockwork.set(subject_id, seconds)

    assert await Firer(clockwork.database, timers).fire_due() == 3

    assert lists == [[first, second, third]]


async def test_a_list_ends_where_another_kind_or_one_that_comes_too_late_stands_between(clockwork: Clockwork) -> None:
    class TockDue(TickDue):
        kind: ClassVar[str] = "tock_due"
        expires_after: ClassVar[timedelta | None] = timedelta(seconds=10)

    seen: list[tuple[str, list[UUID]]] = []

    async def tick(_: Transaction, timers: Sequence[TickDue]) -> None:
        seen.append(("tick", [timer.subject_id for timer in timers]))

    async def tock(_: Transaction, timers: Sequence[TockDue]) -> None:
        seen.append(("tock", [timer.subject_id for timer in timers]))

    async def expire(_: Transaction, timer: TockDue) -> None:
        seen.append(("expired", [timer.subject_id]))

    timers = Timers("pairing")
    timers.on_many(TickDue)(tick)
    timers.on_many(TockDue)(tock)
    timers.on_expired(TockDue)(expire)
    a, b, c, d, e, f = (uuid4() for _ in range(6))
    async with clockwork.database.transaction() as tx:
        for subject_id in (a, b, c, d, e, f):
            await tx.execute("INSERT INTO counters (pair_id) VALUES ($1)", subject_id)
        for ago, kind, subject_id in (
            (30, TockDue, a),
            (20, TockDue, b),
            (5, TockDue, c),
            (4, TockDue, d),
            (3, TickDue, e),
            (2, TockDue, f),
        ):
            await schedule(tx, kind(subject_id=subject_id), tx.now - timedelta(seconds=ago))

    assert await Firer(clockwork.database, timers).fire_due() == 6

    assert seen == [("expired", [a]), ("expired", [b]), ("tock", [c, d]), ("tick", [e]), ("tock", [f])]


async def test_a_list_that_fails_for_one_timer_is_fired_one_by_one(clockwork: Clockwork) -> None:
    async def fire_many(tx: Transaction, timers: Sequence[TickDue]) -> None:
        for timer in timers:
            await clockwork.fire(tx, timer)

    timers = Timers("pairing")
    timers.on_many(TickDue)(fire_many)
    good, bad, behind = uuid4(), uuid4(), uuid4()
    for seconds, subject_id in ((-3, good), (-2, bad), (-1, behind)):
        await clockwork.set(subject_id, seconds)
    clockwork.broken[bad] = ValueError()

    await Firer(clockwork.database, timers).fire_due()

    # The list's own try was rolled back after the first.
    assert clockwork.fired == [good, good, behind]
    assert (await clockwork.reason(bad) or "").startswith("bug ValueError")


async def test_a_timer_that_ends_each_process_in_turn_lets_the_others_fire(clockwork: Clockwork) -> None:
    """While one process holds it and those that were due with it, another ends its own passes well."""
    killer, good = uuid4(), uuid4()
    await clockwork.set(killer, -2)
    await clockwork.set(good, -1)
    clockwork.broken[killer] = SystemExit()

    for _ in range(4):
        async with clockwork.database.transaction() as dying:
            await dying.fetch("SELECT FROM counters WHERE pair_id = ANY($1) FOR UPDATE", [killer, good])
            await Firer(clockwork.database, clockwork.timers, "elsewhere").fire_due()
        with contextlib.suppress(SystemExit):
            await clockwork.firer.fire_due()

    assert clockwork.fired == [good]
    assert await clockwork.reason(killer) == "trying"
