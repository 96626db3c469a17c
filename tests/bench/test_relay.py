"""Events out: the relay's rate beside one stream of the same records sent by hand."""

import pytest

from shared.platform.kafka import make_producer
from shared.testing.stage import Stage
from tests.bench import bare, product, workload
from tests.bench.measuring import Figure, Lap
from tests.bench.report import Report

BACKLOG = 50_000


@pytest.mark.timeout(1800)
async def test_the_relay_keeps_up_with_one_bare_stream(bench_stage: Stage, report: Report) -> None:
    records = workload.outgoing([workload.moved(number) for number in range(BACKLOG)])
    topic = workload.moved(0).topic
    await workload.stock(bench_stage, "meetings", topic, records)
    settings = bench_stage.settings("meetings")
    reader = workload.Reader(bench_stage, topic, "feedback")
    figure = Figure("relay, 4 shards", floor=0.6)

    async with product.database(bench_stage, "meetings") as worker, product.relaying(worker, settings) as deleted:
        producer = make_producer(settings)
        await producer.start()

        async def relayed() -> Lap:
            await reader.skip()
            lap = await product.relay_backlog(worker, deleted, BACKLOG)
            assert await reader.violations(BACKLOG) == []
            return lap

        await figure.measure(report.rounds, relayed, lambda: bare.send(producer, topic, records))
        await producer.stop()
    report.figures.append(figure)

    assert figure.shortfalls() == []
