"""Events out: the relay's rate beside one stream of the same records sent by hand, and beside the nearest rival."""

import pytest

from shared.platform.kafka import make_producer
from shared.testing.stage import Stage
from tests.bench import bare, peer, product, workload
from tests.bench.measuring import MOST_CPU, Bound, Figure, Lap
from tests.bench.report import Report
from tests.bench.workload import Outgoing

BACKLOG = 50_000
RIVALS_BACKLOG = 20_000
TOPIC = workload.moved(0).topic


async def _stock(stage: Stage, backlog: int) -> list[Outgoing]:
    """So many records, laid by for the outbox."""
    records = workload.outgoing([workload.moved(number) for number in range(backlog)])
    await workload.stock(stage, "meetings", TOPIC, records)
    return records


@pytest.mark.timeout(1800)
async def test_the_relay_keeps_up_with_one_bare_stream(bench_stage: Stage, report: Report) -> None:
    backlog = report.size(BACKLOG)
    records = await _stock(bench_stage, backlog)
    settings = bench_stage.settings("meetings")
    reader = workload.Reader(bench_stage, TOPIC, "feedback")
    figure = Figure("relay, 4 shards", (Bound("per second", 0.6), Bound("µs CPU", None)))

    async with product.database(bench_stage, "meetings") as worker, product.relaying(worker, settings) as deleted:
        producer = make_producer(settings)
        await producer.start()

        async def relayed() -> Lap:
            await reader.skip()
            lap = await product.relay_backlog(worker, deleted, backlog)
            assert await reader.violations(backlog) == []
            return lap

        await figure.measure(report.rounds, relayed, lambda: bare.send(producer, TOPIC, records))
        await producer.stop()

    report.judge(figure)


@pytest.mark.timeout(1800)
async def test_the_relay_costs_little_more_cpu_than_a_bare_loop(bench_stage: Stage, report: Report) -> None:
    """The bare loop reads the same rows, sends them in batches and deletes them; a stream does less (decision 8)."""
    backlog = report.size(BACKLOG)
    await _stock(bench_stage, backlog)
    settings = bench_stage.settings("meetings")
    figure = Figure("relay, CPU", (Bound("µs CPU", MOST_CPU), Bound("per second", None)))

    async with product.database(bench_stage, "meetings") as worker, worker.pool.acquire() as connection:
        producer = make_producer(settings)
        await producer.start()

        async def relayed() -> Lap:
            async with product.relaying(worker, settings) as deleted:
                return await product.relay_backlog(worker, deleted, backlog)

        async def by_hand() -> Lap:
            await product.fill_outbox(worker, backlog)
            lap = Lap(backlog)
            with lap.running():
                while await bare.relay(connection, producer, TOPIC):
                    continue
            return lap

        await figure.measure(report.rounds, relayed, by_hand)
        await producer.stop()

    report.judge(figure)


@pytest.mark.timeout(1800)
async def test_the_relay_leaves_its_rival_behind(bench_stage: Stage, report: Report) -> None:
    backlog = report.size(RIVALS_BACKLOG)
    records = await _stock(bench_stage, backlog)
    figure = Figure(
        "relay beside faststream-outbox", (Bound("per second", None),), note="one round, judged by nobody; 50 is usual"
    )

    async with (
        product.database(bench_stage, "meetings") as worker,
        product.relaying(worker, bench_stage.settings("meetings")) as deleted,
    ):
        await figure.measure(
            1,
            lambda: product.relay_backlog(worker, deleted, backlog),
            lambda: peer.relay(bench_stage, "meetings", TOPIC, records),
            warm_up=False,
        )

    report.judge(figure)
