"""Outages longer than every limit, and a cluster that loses brokers: `make chaos` runs these after the seeds."""

import signal
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from shared.platform.loops import rest
from shared.testing.eventually import eventually
from tests.chaos import faults
from tests.chaos.cluster import a_cluster
from tests.chaos.faults import Fault, dice_of
from tests.chaos.world import Play
from tests.ledgers import violations
from tests.spine.theatre import Theatre

LONGER_THAN_EVERY_LIMIT = 75.0
"""Seconds: a request to Kafka is given up after 40, a statement and a transaction that stands still after 60."""

pytestmark = pytest.mark.timeout(400)


async def outlast(play: Play, attack: AbstractAsyncContextManager[None]) -> None:
    """Let an attack outlast every limit, and converge after it."""
    async with play.begin():
        await play.theatre.has_acknowledged(10)
        async with attack:
            await rest(LONGER_THAN_EVERY_LIMIT)
        await play.heal()
        await play.converge()
    assert await play.judge() == []


@pytest.mark.parametrize(
    "fault",
    [faults.kafka_is_killed, faults.postgres_is_killed, faults.the_disk_is_full, faults.a_topic_is_refused],
    ids=lambda fault: fault.__name__,
)
async def test_an_engine_away_for_longer_than_every_limit_loses_nothing(play: Play, fault: Fault) -> None:
    if fault is faults.the_disk_is_full and play.world.site.small_disk is None:
        pytest.skip("no disk can be made small here: that needs root and the right to mount")

    await outlast(play, fault(play, dice_of(1)))


@pytest.mark.parametrize("post", [0, 2], ids=["a publisher", "a listener"])
@pytest.mark.parametrize("engine", ["kafka", "postgres"])
async def test_somebody_alone_behind_a_silent_door_for_longer_than_every_limit(
    play: Play, post: int, engine: str
) -> None:
    actor = play.cast[post]
    door = actor.kafka if engine == "kafka" else actor.postgres

    await outlast(play, faults.silent(door, dice_of(1)))


async def test_a_listener_frozen_with_a_batch_in_hand_holds_its_events_back_for_a_minute_at_most(
    play: Play,
) -> None:
    frozen = play.listeners[0]
    async with play.begin():
        await play.theatre.has_acknowledged(10)
        await play.everybody_listens()
        await play.freeze(frozen, in_a_transaction=True)
        newest = await play.newest()
        await eventually(lambda: play.has_effects_up_to(newest), within=90, every=0.5)
        frozen.signal(signal.SIGCONT)
        await rest(2.0)
        await play.heal()
        await play.converge()
    assert await play.judge() == []


async def test_a_cluster_that_loses_the_leader_of_busy_partitions_loses_no_event(tmp_path: Path) -> None:
    async with a_cluster(tmp_path) as cluster:
        theatre = Theatre(cluster.stage, tmp_path, aggregates=30)
        async with theatre.publisher(900), theatre.listener():
            for wanted in (50, 300, 550):
                await theatre.has_acknowledged(wanted)
                leaders = Counter(await cluster.leaders("osler.pairing"))
                (busiest, led), *_ = leaders.most_common()
                assert led > 1
                await cluster.brokers[busiest].kill()
                await theatre.has_acknowledged(wanted + 150)
                await cluster.brokers[busiest].start()
            await theatre.has_acknowledged(900)
            await theatre.converge()

        ledgers = await theatre.ledgers()

    assert violations(ledgers) == []
    assert len(ledgers.acknowledged) == 900
