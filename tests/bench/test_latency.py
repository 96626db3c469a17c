"""From a command's commit to the effect's commit in another service, beside a bare relay that looks every 100 ms."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.pairing import PairPaused
from shared.contracts.topics import partitions
from shared.platform.database import Database
from shared.platform.kafka import client_options, make_producer
from shared.platform.loops import rest
from shared.testing.stage import Stage
from tests.bench import bare, product, town
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report
from tests.bench.test_commands import connections
from tests.bench.town import CLIENTS, Act, Town

RATE = 500
SECONDS = 30
WARM_UP_SECONDS = 2
TOPIC = PairPaused.topic


@pytest.mark.timeout(3600)
async def test_an_event_has_its_effect_sooner_than_a_poll_would_bring_it(
    bench_stage: Stage, report: Report, tmp_path: Path
) -> None:
    figure = Figure("commit to effect, 500/s", (Bound("p50 ms", 0.4), Bound("p99 ms", 0.8)))
    events = report.size(RATE * SECONDS)

    async def ours() -> Lap:
        people = await _beginning(bench_stage)
        async with (
            Database.open(bench_stage.database("pairing_app"), schema="pairing", size=CLIENTS) as app,
            product.database(bench_stage, "pairing") as worker,
            product.relaying(worker, bench_stage.settings("pairing"), app),
        ):
            return await _measured(
                bench_stage, "product", town.through_use_cases(app, people), people, events, tmp_path
            )

    async def with_a_poll() -> Lap:
        people = await _beginning(bench_stage)
        async with connections(bench_stage) as writers, polling(bench_stage):
            return await _measured(bench_stage, "bare", town.by_hand(writers, people), people, events, tmp_path)

    await figure.measure(report.rounds, ours, with_a_poll, warm_up=False)
    report.judge(figure)


async def _beginning(stage: Stage) -> Town:
    """New pairs, since the listeners' logs of the old ones go on."""
    people = await town.found(stage)
    await town.start_over(stage)
    return people


@asynccontextmanager
async def polling(stage: Stage) -> AsyncGenerator[None]:
    """The bare relay: it looks every 100 ms, and again at once only while there is more than one look takes."""
    async with AsyncExitStack() as stack:
        [connection, *_] = await stack.enter_async_context(connections(stage))
        producer = make_producer(stage.settings("pairing"))
        await producer.start()
        stack.push_async_callback(producer.stop)

        async def look() -> None:
            while True:
                if await bare.relay(connection, producer, TOPIC) < bare.CHUNK:
                    await rest(0.1)

        looking = asyncio.create_task(look())
        yield
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _measured(stage: Stage, way: str, act: Act, people: Town, events: int, folder: Path) -> Lap:
    """Write in an open loop, and compare with what the other service has noted."""
    name, warm_up = f"meetings.{token_hex(6)}", RATE * WARM_UP_SECONDS
    await _begin_at_the_end(stage, f"{name}.{TOPIC}")
    file = folder / name
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.listener", way, name, str(events + warm_up), str(file),
        env=os.environ | stage.environment("meetings"), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        assert await child.stdout.readline() == b"ready\n"
        lap = Lap(events)
        with lap.running():
            committed = await _write(act, people, events + warm_up)
            async with asyncio.timeout(SECONDS * 4):
                await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    noted: list[Any] = json.loads(await asyncio.to_thread(file.read_text, "utf-8"))
    applied = {(aggregate_id, version): when for aggregate_id, version, when in noted}
    assert len(applied) == len(committed)
    lap.waits = [max(applied[fact] - when, 0.0) for fact, when in committed[warm_up:]]
    return lap


async def _write(act: Act, people: Town, commands: int) -> list[tuple[tuple[str, int], float]]:
    """Begin each command at its time, whatever became of the others; gives what each said and when it was committed."""
    order = [asyncio.Lock() for _ in range(CLIENTS)]
    committed: list[tuple[tuple[str, int], float]] = []

    async def command(number: int) -> None:
        client, own = number % CLIENTS, number // CLIENTS
        async with order[client]:  # locks are fair: a client's commands keep their order
            await act(client, own)
        pair_id, past = people.pair(client, own)
        committed.append(((str(pair_id), past + 1), time.time()))

    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(commands):
            await rest(max(begun + number / RATE - time.monotonic(), 0.0))
            tasks.create_task(command(number))
    return committed


async def _begin_at_the_end(stage: Stage, group: str) -> None:
    """Let a new group begin behind what is in the log already."""
    consumer = AIOKafkaConsumer(**client_options(stage.settings("meetings")), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(TOPIC, number) for number in range(partitions(TOPIC))]
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
    finally:
        await consumer.stop()
