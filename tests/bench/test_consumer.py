"""Events in: three ways to have an effect, each beside a bare loop with the same SQL and one transaction a batch."""

from secrets import token_hex

import pytest
from aiokafka import AIOKafkaConsumer

from shared.platform.kafka import client_options, make_producer
from shared.testing.stage import Stage
from tests.bench import bare, product, workload
from tests.bench.bare import Effect
from tests.bench.measuring import Figure, Lap, pace
from tests.bench.report import Report

EVENTS = 50_000
TOPIC = workload.paused(0).topic


@pytest.fixture(scope="package")
async def log(bench_stage: Stage, report: Report) -> None:
    """A topic with the events to read."""
    producer = make_producer(bench_stage.settings("pairing"))
    await producer.start()
    events = [workload.paused(number) for number in range(report.size(EVENTS))]
    await bare.send(producer, TOPIC, workload.outgoing(events))
    await producer.stop()


@pytest.mark.usefixtures("log")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("name", "way", "effect", "events", "floor"),
    [
        ("consumer, over lists", "list", bare.insert_list, EVENTS, 0.8),
        ("consumer, collected", "later", bare.insert_together, EVENTS, 0.8),
        ("consumer, one statement each", "each", bare.insert_each, EVENTS // 5, 0.7),
    ],
)
async def test_the_consumer_keeps_up_with_a_bare_loop(
    bench_stage: Stage, report: Report, *, name: str, way: str, effect: Effect, events: int, floor: float
) -> None:
    settings = bench_stage.settings("meetings")
    figure = Figure(name, pace(floor))
    events = report.size(events)
    async with product.database(bench_stage, "meetings") as worker:

        async def through_the_platform() -> Lap:
            return await product.consume(bench_stage, _fresh(), way, events)

        async def by_hand() -> Lap:
            consumer = AIOKafkaConsumer(
                TOPIC,
                **client_options(settings),
                group_id=f"{_fresh()}.{TOPIC}",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
            )
            await consumer.start()
            try:
                return await bare.consume(consumer, worker.pool, _fresh(), events, effect)
            finally:
                await consumer.stop()

        await figure.measure(report.rounds, through_the_platform, by_hand)

    report.judge(figure)


def _fresh() -> str:
    return f"meetings.{token_hex(6)}"
