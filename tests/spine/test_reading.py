"""Reading real Kafka: what cannot be read costs no other record, and a call that fails loses none."""

import dataclasses
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException

from shared.contracts.pairing import PairResumed
from shared.platform.compacted import read_last_words
from shared.platform.consumer.subscribe import subscribe_events
from shared.platform.database import Database
from shared.platform.kafka import client_options, make_broker
from shared.platform.outbox import route
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import Stage
from tests.ledgers import violations
from tests.malformed import BadName, raw_batch, write_raw
from tests.spine.bench import resumed
from tests.spine.play import listening, pair_ids
from tests.spine.test_relay import a_pair_in
from tests.spine.theatre import Theatre

COMMANDS = 40


async def write_with_a_bad_name(stage: Stage, pair_id: UUID) -> tuple[int, int, bytes | None]:
    """An event of a pair's, with one header too many; give where it lies and what it says."""
    _, partition, key = route(PairResumed.topic, pair_id)
    good = record_of(resumed(pair_id, 1_000))
    bad = dataclasses.replace(good, offset=0, key=key, headers=(*good.headers, (BadName("name"), b"value")))
    offset = await write_raw(stage.settings("pairing"), good.topic, partition, raw_batch([bad]))
    return partition, offset, good.value


async def test_a_header_name_that_is_not_utf8_costs_nothing_but_its_own_record(theatre: Theatre) -> None:
    pair_id = pair_ids(theatre.seed, theatre.aggregates)[0]
    async with theatre.publisher(COMMANDS):
        await theatre.has_acknowledged(COMMANDS)
        await theatre.outbox_is_empty()
    before_the_start = await write_with_a_bad_name(theatre.stage, pair_id)
    async with theatre.listener(), theatre.publisher(COMMANDS):
        await theatre.has_acknowledged(2 * COMMANDS)
        await theatre.converge()
        at_the_tail = await write_with_a_bad_name(theatre.stage, pair_id)
        async with theatre.publisher(COMMANDS):
            await theatre.has_acknowledged(3 * COMMANDS)
            await theatre.converge()

    connection = await asyncpg.connect(theatre.stage.admin_url)
    kept = await connection.fetch(
        """
        SELECT partition, "offset", body, key, reason FROM meetings.unreadable
        WHERE consumer = $1 AND topic = 'osler.pairing' ORDER BY "offset"
        """,
        theatre.consumer,
    )
    await connection.close()

    assert [tuple(row)[:3] for row in kept] == [before_the_start, at_the_tail]
    assert {(row["key"], row["reason"]) for row in kept} == {(str(pair_id).encode(), "unreadable_header")}
    assert violations(await theatre.ledgers()) == []


async def test_the_last_word_on_a_key_is_heard_though_a_header_name_of_it_is_not_utf8(play_stage: Stage) -> None:
    contact, other = uuid4(), uuid4()
    settings = play_stage.settings("directory")
    headers = (("ce_sequence", b"7"), (BadName("name"), b"value"))
    bad = dataclasses.replace(record_of(resumed(contact, 1)), offset=0, key=str(contact).encode(), headers=headers)
    await write_raw(settings, "osler.contacts", 0, raw_batch([bad]))
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        await producer.send_and_wait("osler.contacts", key=str(other).encode(), partition=0)

    words = await read_last_words(settings, "osler.contacts")

    assert words[str(contact)].has_body
    assert not words[str(other)].has_body


class FailsOnce(fetcher.PartitionRecords):
    """The reader of a part of a fetch; the second part that is read turns out to be damaged, once."""

    given: ClassVar[Counter[tuple[int, int]]] = Counter()
    failed: ClassVar = False

    def _unpack_records(self) -> Generator[ConsumerRecord]:
        if FailsOnce.given and not FailsOnce.failed:
            FailsOnce.failed = True
            raise CorruptRecordException
        seen: set[int] = set()  # a part with an undecodable name is unpacked twice in one reading
        for record in super()._unpack_records():
            FailsOnce.given[record.partition, record.offset] += record.offset not in seen
            seen.add(record.offset)
            yield record


@asynccontextmanager
async def a_listener(stage: Stage, name: str) -> AsyncGenerator[Database]:
    """A consumer in this process."""
    settings = stage.settings("meetings")
    broker = make_broker(settings, name)
    async with Database.open(stage.database("meetings_worker"), schema="meetings", strict=True) as database:
        subscriptions = subscribe_events(broker, database, listening(name), place="0")
        await broker.connect()
        try:
            for subscriber in subscriptions.by_topic.values():
                await subscriber.start()
            yield database
        finally:
            await broker.stop()


async def test_a_call_that_fails_half_way_loses_nothing_of_what_it_had_read(
    play_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"meetings.{uuid4().hex[:8]}"
    pairs = [a_pair_in(partition) for partition in range(12)]
    async with AIOKafkaProducer(**client_options(play_stage.settings("pairing"))) as producer:
        for pair_id in pairs:
            record = record_of(resumed(pair_id, 1))
            _, partition, key = route(PairResumed.topic, pair_id)
            await producer.send_and_wait(
                record.topic,
                value=record.value,
                key=key,
                partition=partition,
                headers=[(name, value or b"") for name, value in record.headers],
            )
    monkeypatch.setattr(fetcher, "PartitionRecords", FailsOnce)

    async with a_listener(play_stage, name) as database:

        async def all_applied() -> bool:
            return await database.pool.fetchval(
                "SELECT count(*) = 12 FROM effects WHERE consumer = $1 AND aggregate_id = ANY($2)", name, pairs
            )

        await eventually(all_applied, within=30)

    assert FailsOnce.failed
    assert FailsOnce.given.most_common(1)[0][1] == 2, "what the failed call had read was read again"
