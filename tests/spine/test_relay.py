"""Relays on real Kafka: two at once, one that stood still, and one whose producer is given up."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber

from shared.contracts.pairing import PairResumed
from shared.platform.database import Database
from shared.platform.kafka import make_producer
from shared.platform.outbox import route
from shared.platform.relay import Relay
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.ledgers import first_occurrences, violations
from tests.spine.play import bump
from tests.spine.theatre import Theatre, read_log

COMMANDS = 60


async def leases(stage: Stage) -> dict[int, str]:
    """Who holds each shard now."""
    connection = await asyncpg.connect(stage.admin_url)
    try:
        rows = await connection.fetch(
            "SELECT shard, owner FROM pairing.relay_leases WHERE lease_until > clock_timestamp()"
        )
    finally:
        await connection.close()
    return {row["shard"]: row["owner"] for row in rows}


async def test_a_relay_that_stood_still_longer_than_its_lease_turns_nothing_round(theatre: Theatre) -> None:
    async def first_relay_has_all() -> bool:
        return len(await leases(theatre.stage)) == 4

    async def rows_in_hand_were_sent_twice() -> bool:
        log = (await theatre.ledgers()).log
        return len(log) > len(set(log))

    async with theatre.relay("--fault", "freezes_with_rows_in_hand") as frozen:
        await eventually(first_relay_has_all, within=20)
        async with theatre.writer(COMMANDS), theatre.relay(), theatre.listener():
            await theatre.has_acknowledged(COMMANDS)
            await theatre.outbox_is_empty()
            frozen.send_signal(signal.SIGCONT)
            await eventually(rows_in_hand_were_sent_twice, within=30, every=0.5)
            async with theatre.writer(COMMANDS):
                await theatre.has_acknowledged(2 * COMMANDS)
                await theatre.converge()

    ledgers = await theatre.ledgers()

    assert violations(ledgers) == []
    assert len(ledgers.acknowledged) == 2 * COMMANDS


async def test_when_a_producer_is_given_up_no_lane_waits_for_it_any_longer(
    play_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some waits of a producer that was stopped never end (aiokafka); here the first one has such waits by design."""
    settings = play_stage.settings("pairing")
    waiting, failing = a_pair_in(0), a_pair_in(1)
    waits = asyncio.Event()

    async def broken(*_: object, partition: int) -> None:
        if partition == 0:
            waits.set()
            await asyncio.get_running_loop().create_future()
        await waits.wait()
        raise OutOfOrderSequenceNumber

    producers: list[AIOKafkaProducer] = []

    def make() -> AIOKafkaProducer:
        producers.append(make_producer(settings))
        if len(producers) == 1:
            monkeypatch.setattr(producers[0], "send_batch", broken)
        return producers[-1]

    await _is_all_sent(play_stage, make, [waiting, failing])


async def test_a_wait_that_ends_as_its_producer_is_given_up_leads_to_no_other_for_that_producer(
    play_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is taken in the very moment in which the next producer stands ready; nobody will ever send it."""
    settings = play_stage.settings("pairing")
    waiting, failing = a_pair_in(0), a_pair_in(1)
    waits, ready = asyncio.Event(), asyncio.Event()

    async def broken(*_: object, partition: int) -> asyncio.Future[None]:
        if partition == 0:
            waits.set()
            await ready.wait()
            return asyncio.get_running_loop().create_future()
        await waits.wait()
        raise OutOfOrderSequenceNumber

    producers: list[AIOKafkaProducer] = []

    def make() -> AIOKafkaProducer:
        producer = make_producer(settings)
        producers.append(producer)
        if len(producers) == 1:
            monkeypatch.setattr(producer, "send_batch", broken)
            return producer
        start = producer.start

        async def start_and_say_so() -> None:
            await start()
            ready.set()

        monkeypatch.setattr(producer, "start", start_and_say_so)
        return producer

    await _is_all_sent(play_stage, make, [waiting, failing])


async def _is_all_sent(stage: Stage, make: Callable[[], AIOKafkaProducer], pair_ids: Sequence[UUID]) -> None:
    """Two events of each pair reach Kafka in order, through a relay with these producers."""
    async with Database.open(stage.database("pairing_worker"), schema="pairing", strict=True) as database:
        for pair_id in (*pair_ids, *pair_ids):
            async with database.transaction() as tx:
                await bump(tx, pair_id, PairResumed)
        relaying = asyncio.create_task(Relay(database, make).run())

        async def all_sent() -> bool:
            return not await database.pool.fetchval(
                "SELECT count(*) FROM outbox WHERE aggregate_id = ANY($1)", list(pair_ids)
            )

        try:
            await eventually(all_sent, within=15)
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)

    log = await read_log(stage, "osler.pairing", "meetings")
    for pair_id in pair_ids:
        assert first_occurrences(fact for fact in log if fact[0] == pair_id) == [(pair_id, 1), (pair_id, 2)]


def a_pair_in(partition: int) -> UUID:
    """A new pair whose events go to this partition."""
    return next(each for each in iter(uuid4, None) if route(PairResumed.topic, each)[1] == partition)
