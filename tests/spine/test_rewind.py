"""`osler rewind` on a real group: refused while somebody reads; then all is read again, and nothing done twice."""

import asyncio

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from shared.platform.consumer import rewind as rewinding
from shared.platform.consumer.rewind import StillReading, rewind
from shared.platform.topics import Security
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.ledgers import violations
from tests.spine.play import listening
from tests.spine.theatre import Theatre

COMMANDS = 40


def options_of(stage: Stage) -> dict[str, str]:
    """The administrator's client."""
    engines = stage.engines
    return {
        "bootstrap.servers": engines.kafka_bootstrap,
        **Security(engines.kafka_username, engines.kafka_password).options(),
    }


async def committed(theatre: Theatre) -> int:
    """How many records of its topic the consumer's group has behind it."""
    group = f"{theatre.consumer}.osler.pairing"
    admin = AdminClient(options_of(theatre.stage))
    answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group]
    places = await asyncio.to_thread(answer.result, 15)
    return sum(max(place.offset, 0) for place in places.topic_partitions or ())


async def stops(listener: asyncio.subprocess.Process) -> None:
    """End a process as an operator does."""
    listener.terminate()
    assert await asyncio.wait_for(listener.wait(), 20) == 0


async def test_a_rewound_service_reads_everything_again_and_does_nothing_twice(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, consumers = options_of(theatre.stage), [listening(theatre.consumer)]

    async def has_read(records: int) -> bool:
        return await committed(theatre) >= records

    async with theatre.publisher(COMMANDS), theatre.listener() as listener:
        await theatre.has_acknowledged(COMMANDS)
        await theatre.converge()
        read = await eventually(lambda: committed(theatre))
        with monkeypatch.context() as impatient:
            impatient.setattr(rewinding, "WAIT_SECONDS", 1.0)
            waits: list[str] = []
            with pytest.raises(StillReading):
                await rewind(options, consumers, on_wait=lambda: waits.append("said once"))
        assert waits == ["said once"]
        assert await committed(theatre) == read
        await stops(listener)
    assert await rewind(options, consumers) == [f"{theatre.consumer}.osler.pairing"]
    assert await committed(theatre) == 0

    async with theatre.listener():
        await eventually(lambda: has_read(read), within=30, every=0.5)

    assert violations(await theatre.ledgers()) == []
