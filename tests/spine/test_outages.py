"""Kafka away and back, PostgreSQL killed and back: the ledgers agree without anybody's help."""

from deploy.local.parts import Parts
from tests.ledgers import violations
from tests.spine.theatre import Theatre

COMMANDS = 150


async def test_kafka_killed_and_back_loses_nothing(theatre: Theatre, parts: Parts) -> None:
    async with theatre.publisher(COMMANDS), theatre.listener():
        await theatre.has_acknowledged(30)
        await parts.kafka.kill()
        await theatre.has_acknowledged(COMMANDS)  # commands are taken while Kafka is away
        await parts.kafka.start()
        await theatre.converge()

    ledgers = await theatre.ledgers()

    assert violations(ledgers) == []
    assert len(ledgers.acknowledged) == COMMANDS


async def test_postgres_killed_and_back_loses_nothing(theatre: Theatre, parts: Parts) -> None:
    async with theatre.publisher(COMMANDS, "--slow", "0.01"), theatre.listener():
        await theatre.has_acknowledged(30)
        await parts.postgres.kill()
        await parts.postgres.start()
        await theatre.converge()

    ledgers = await theatre.ledgers()

    assert violations(ledgers) == []
    assert len(ledgers.acknowledged) >= 30
