"""Kafka away and back, a permission lost and back, PostgreSQL killed and back: the ledgers agree by themselves."""

import asyncio

from confluent_kafka.admin import AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.local.parts import Parts
from shared.platform.topics import Security
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


async def test_a_topic_that_kafka_refuses_for_a_while_is_whole_when_it_is_permitted_again(theatre: Theatre) -> None:
    engines = theatre.stage.engines
    admin = Security(engines.kafka_username, engines.kafka_password).connect(engines.kafka_bootstrap)
    publishing = AclBindingFilter(
        ResourceType.TOPIC,
        "osler.pairing",
        ResourcePatternType.LITERAL,
        "User:pairing",
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    async with theatre.publisher(COMMANDS), theatre.listener():
        await theatre.has_acknowledged(30)
        revoked = await asyncio.to_thread(admin.delete_acls([publishing])[publishing].result, 15)
        try:
            await theatre.has_acknowledged(COMMANDS)
            await theatre.is_refused()
        finally:
            for granted in admin.create_acls(revoked).values():
                await asyncio.to_thread(granted.result, 15)
        await theatre.converge()

    assert violations(await theatre.ledgers()) == []
