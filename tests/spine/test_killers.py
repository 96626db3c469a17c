"""An event at which the process dies, given out again and again: it is kept aside, and what is around it is applied."""

import contextlib
import dataclasses
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from aiokafka import TopicPartition

from shared.platform.consumer.subscribe import Subscription
from shared.testing.running import record_of
from tests.spine.bench import Bench, resumed


async def test_an_event_that_ends_the_process_is_kept_aside_wherever_it_stands_in_its_batch(bench: Bench) -> None:
    before, killer, behind = (resumed(uuid4(), 1) for _ in range(3))
    bench.broken = lambda event: SystemExit() if event.pair_id == killer.pair_id else None  # goes past every guard
    records = tuple(dataclasses.replace(record_of(event), partition=0) for event in (before, killer, behind))
    message: Any = SimpleNamespace(raw_message=records, consumer=None, ack=_acknowledge)

    for _ in range(6):
        subscription = Subscription(bench.database, bench.applier, bench.retrier, records[0].topic)
        await subscription.starts.on_partitions_assigned([TopicPartition(records[0].topic, 0)])
        with contextlib.suppress(SystemExit):
            await subscription.handle(message)

    assert await bench.reasons() == ["process_died"]
    assert await bench.effects() == [(before.pair_id, 1), (behind.pair_id, 1)]


async def _acknowledge() -> None:
    """Kafka hears it."""
