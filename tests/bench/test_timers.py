"""Clock in: a million due timers into outbox rows beside one statement that moves them, and timers that come due."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared.platform.database import Transaction
from shared.platform.timers import Timers
from shared.platform.timers.fire import Firer
from shared.testing.stage import Stage
from tests.bench import product
from tests.bench.firing import MoveDue, fire
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report

DUE = 1_000_000
RATE = 1_000
SECONDS = 60

# The ceiling's timers carry their outbox row, so that nothing has to leave the database.
_MOVE = """
    WITH due AS (
        SELECT aggregate_id FROM finished WHERE due_at <= clock_timestamp()
        ORDER BY due_at LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM finished USING due WHERE finished.aggregate_id = due.aggregate_id RETURNING finished.*
    )
    INSERT INTO outbox (shard, aggregate_id, version, event_id, topic, partition, key, headers, payload, occurred_at)
    SELECT shard, aggregate_id, version, event_id, topic, partition, key, headers, payload, occurred_at FROM gone
"""
_TIMERS = """
    INSERT INTO timers (kind, subject_id, due_at, payload)
    SELECT 'move_due', subject_id, $1::timestamptz + (row_number() OVER ()) * $2::interval,
           jsonb_build_object('subject_id', subject_id)
    FROM subjects LIMIT $3
"""


async def _admin(stage: Stage) -> Any:
    return await asyncpg.connect(stage.admin_url, server_settings={"search_path": "meetings"})


async def _fill(stage: Stage, timers: int) -> None:
    """So many subjects, and a finished row for each, both once."""
    connection = await _admin(stage)
    try:
        await connection.execute("TRUNCATE subjects, outbox")
        await connection.execute(
            "INSERT INTO subjects SELECT gen_random_uuid() FROM generate_series(1, $1::integer)", timers
        )
        await connection.execute("ANALYZE subjects")
    finally:
        await connection.close()


async def _set_timers(stage: Stage, begin: datetime, apart: timedelta, timers: int) -> None:
    connection = await _admin(stage)
    try:
        await connection.execute("TRUNCATE timers, finished, outbox")
        await connection.execute(_TIMERS, begin, apart, timers, timeout=300)
        await connection.execute("VACUUM ANALYZE timers")
    finally:
        await connection.close()


async def _set_finished(stage: Stage, sample: asyncpg.Record) -> None:
    connection = await _admin(stage)
    try:
        await connection.execute("TRUNCATE timers, finished, outbox")
        await connection.execute(
            """
            INSERT INTO finished (due_at, shard, aggregate_id, version, event_id, topic, partition, key, headers,
                                  payload, occurred_at)
            SELECT $1::timestamptz + (row_number() OVER ()) * interval '1 microsecond', abs(hashtext(s::text)) % 4,
                   s.subject_id, 1, s.subject_id, $2, 0, convert_to(s.subject_id::text, 'UTF8'), $3, $4, $1
            FROM subjects s
            """,
            datetime(2026, 1, 1, tzinfo=UTC),
            sample["topic"],
            sample["headers"],
            sample["payload"],
            timeout=300,
        )
        await connection.execute("VACUUM ANALYZE finished")
    finally:
        await connection.close()


async def _fired(stage: Stage, workers: int, timers: int) -> Lap:
    """Workers as processes, each with its own connections, from the word until none finds anything due."""
    environment = os.environ | stage.environment("meetings")
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.firing", env=environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(workers)
    ]  # fmt: skip
    lap = Lap(timers)
    for child in children:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
    with lap.running():
        ended = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    assert [out for out, _ in ended] == [b"done\n"] * workers
    return lap


async def _moved(stage: Stage, workers: int, timers: int) -> Lap:
    connections = [await _admin(stage) for _ in range(workers)]

    async def move(connection: Any) -> None:
        while await connection.execute(_MOVE) != "INSERT 0 0":
            continue

    lap = Lap(timers)
    with lap.running():
        await asyncio.gather(*(move(connection) for connection in connections))
    for connection in connections:
        await connection.close()
    return lap


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("workers", "floor"), [(1, 0.5), (2, 0.6)])
async def test_due_timers_become_events(bench_stage: Stage, report: Report, workers: int, floor: float) -> None:
    timers = report.size(DUE)
    figure = Figure(f"timers, {workers} worker{'s' if workers > 1 else ''}", (Bound("per second", floor),))
    await _fill(bench_stage, timers)
    connection = await _admin(bench_stage)

    async def ours() -> Lap:
        await _set_timers(bench_stage, datetime(2026, 1, 1, tzinfo=UTC), timedelta(microseconds=1), timers)
        lap = await _fired(bench_stage, workers, timers)
        assert await connection.fetchval("SELECT count(*) FROM outbox") == timers
        return lap

    async def in_sql() -> Lap:
        await _set_finished(bench_stage, sample)
        lap = await _moved(bench_stage, workers, timers)
        assert await connection.fetchval("SELECT count(*) FROM outbox") == timers
        return lap

    await ours()
    sample = await connection.fetchrow("SELECT topic, headers, payload FROM outbox LIMIT 1")
    await figure.measure(report.rounds, ours, in_sql, warm_up=False)
    await connection.close()
    report.judge(figure)


@pytest.mark.timeout(3600)
async def test_timers_fire_on_time_and_never_early(bench_stage: Stage, report: Report) -> None:
    """The ceiling is the due time itself; late is what passes from there to the commit."""
    figure = Figure("timers, 1,000/s for a minute", (Bound("p50 ms", None), Bound("p99 ms", 1_000)))
    timers = report.size(RATE * SECONDS)
    await _fill(bench_stage, timers)
    for _ in range(report.rounds):
        figure.product.append(await _on_time(bench_stage, timers))
    report.judge(figure)


async def _on_time(stage: Stage, timers: int) -> Lap:
    lap = Lap(timers)
    waiting: list[float] = []
    all_done = asyncio.Event()

    async def note(tx: Transaction, timer: MoveDue) -> None:
        assert timer.due_at is not None
        assert timer.due_at <= tx.now
        waiting.append(timer.due_at.timestamp())
        await fire(tx, timer)

    def told(_: Transaction) -> None:
        now = time.time()
        lap.waits.extend(now - due for due in waiting)
        waiting.clear()
        if len(lap.waits) >= timers:
            all_done.set()

    clock = Timers("meetings")
    clock.on(MoveDue)(note)
    async with product.database(stage, "meetings") as worker:
        worker.on_commit(told)
        begin = datetime.now(UTC) + timedelta(seconds=5)  # noqa: TID251 - when the first is due, by the machine's clock
        await _set_timers(stage, begin, timedelta(milliseconds=1), timers)
        running = asyncio.create_task(Firer(worker, clock).run())
        try:
            async with asyncio.timeout(SECONDS * 4):
                await all_done.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert min(lap.waits) >= 0
    return lap
