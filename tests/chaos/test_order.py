"""Events that come in the wrong order, and topics that stand beside one that is refused."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.contacts import ContactRecorded
from shared.contracts.directory import PersonLeft
from shared.contracts.event import Event
from shared.contracts.pairing import PairEvent
from shared.platform import outbox
from shared.platform.database import Database
from shared.platform.kafka import client_options, make_producer
from shared.platform.relay import Relay
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import START
from tests.chaos.faults import writes_refused
from tests.chaos.world import World
from tests.spine.bench import resumed
from tests.spine.theatre import Theatre


async def publish(world: World, *events: PairEvent) -> None:
    """Events straight to Kafka, in this order."""
    async with AIOKafkaProducer(**client_options(world.stage.settings("pairing")), acks="all") as producer:
        for event in events:
            record = record_of(event)
            _, partition, key = outbox.route(event.topic, event.key)
            headers = [(name, value or b"") for name, value in record.headers]
            await producer.send_and_wait(event.topic, record.value, key, partition, headers=headers)


@pytest.mark.parametrize("restarted", [False, True], ids=["without a restart", "over a restart"])
async def test_a_third_version_before_the_second_waits_and_is_applied_after_it(
    world: World, tmp_path: Path, restarted: bool
) -> None:
    await world.sweep()
    theatre, a = Theatre(world.stage, tmp_path), uuid4()

    async def effects() -> list[int]:
        async with world.database() as connection:
            rows = await connection.fetch("SELECT version FROM meetings.effects ORDER BY position")
        return [row["version"] for row in rows]

    async def the_third_waits() -> bool:
        async with world.database() as connection:
            return await connection.fetchval("SELECT EXISTS (SELECT 1 FROM meetings.parked WHERE reason = 'gap')")

    async def all_are_applied() -> bool:
        return await effects() == [1, 2, 3, 4]

    async with theatre.listener() as listener:
        await publish(world, resumed(a, 1), resumed(a, 3))
        await eventually(the_third_waits, within=20)
        assert await effects() == [1]
        if restarted:
            listener.kill()
            await listener.wait()
        async with theatre.listener() if restarted else _nobody_else():
            await publish(world, resumed(a, 2), resumed(a, 4))
            await eventually(all_are_applied, within=30)


@asynccontextmanager
async def _nobody_else() -> AsyncGenerator[None]:
    yield


async def test_a_topic_that_is_refused_holds_back_no_other_topic_of_its_service(world: World) -> None:
    def left(person_id: UUID) -> Event:
        return PersonLeft(
            person_id=person_id, institution_id=person_id, since=START, version=1, occurred_at=START, institution_ids=()
        )

    def recorded(contact_id: UUID) -> Event:
        return ContactRecorded(
            contact_id=contact_id, person_id=contact_id, institution_id=contact_id, key_id="key-1", sealed="AAAA",
            version=1, occurred_at=START, institution_ids=(),
        )  # fmt: skip

    await world.sweep()
    stage = world.stage
    settings = stage.settings("directory")
    async with Database.open(stage.database("directory_worker"), schema="directory", strict=True) as database:

        async def waiting() -> set[str]:
            return {row["topic"] for row in await database.pool.fetch("SELECT DISTINCT topic FROM outbox")}

        async def only_contacts_wait() -> bool:
            return await waiting() == {"osler.contacts"}

        async def nothing_waits() -> bool:
            return not await waiting()

        relay = Relay(database, lambda: make_producer(settings))
        relaying = asyncio.create_task(relay.run())
        try:
            async with writes_refused(world, "directory", "osler.contacts"):
                for _ in range(3):
                    async with database.transaction() as tx:
                        for _ in range(20):
                            await outbox.publish(tx, recorded(uuid4()))
                            await outbox.publish(tx, left(uuid4()))
                    await eventually(only_contacts_wait, within=10)
            await eventually(nothing_waits, within=40)
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)
