"""Somebody lives through everything and is erased: no table, topic or log holds them, and a replay counts the same."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.local.platform import service_names
from deploy.local.up import bring_up
from services.console.app import build as build_console
from shared.contracts.contacts import contact_id
from shared.contracts.topics import catalogue
from shared.platform.consumer.rewind import rewind
from shared.platform.service import Service
from shared.testing.eventually import eventually
from shared.testing.stage import START
from tests.e2e import log
from tests.e2e.life import Life, done, erase, everything_is_said, import_roster, work_together
from tests.e2e.log import Record
from tests.e2e.up import Platform
from tests.integration.rebuilding.tables import empty, held, rebuilt_services

pytestmark = [pytest.mark.slow, pytest.mark.timeout(540)]

_WITHIN: Final = 120.0
_EXTERNAL_ID: Final = "zq7431saat"
_NAME: Final = "Quirina Saatgut"
_EMAIL: Final = "quirina.saatgut@alder.example"
_WORDS: Final = "Her Tuesdays in the zebra ward."
SEEDS: Final = (_EXTERNAL_ID, _NAME, _EMAIL, _WORDS)
"""What only this person ever said, or is called."""
_HEADER: Final = (
    "external_id,name,email,role,programme,level,specialty,status,status_from,time_zone,places,shared_places"
)
_ROSTER: Final = f"{_HEADER}\n{_EXTERNAL_ID},{_NAME},{_EMAIL},mentee,surgery,PGY-1,general_surgery,,,,,\n"
_BUILT_AGAIN: Final[tuple[Service, ...]] = (*rebuilt_services(), build_console())
_AGAIN: Final = [service.name for service in _BUILT_AGAIN]


async def test_an_erased_person_is_nowhere_and_a_replay_from_the_first_event_gives_the_same_counts(
    life: Life,
) -> None:
    """The last one on the platform that the others share: everything that they did there is built again as well."""
    platform, data = life.platform, life.platform.folder
    person_id = await _live_too(life)
    assert await _found_in_tables(platform.status["secrets"]["database"]) == set(SEEDS)  # so the search sees them
    await erase(platform, life.administrator, person_id)
    await eventually(partial(_is_complete, life, person_id), within=_WITHIN, every=0.5)
    await _compact_contacts(platform, person_id)
    await eventually(partial(everything_is_said, platform), within=_WITHIN, every=0.2)
    await _expect_nothing_of_them(platform, person_id)
    before = await _counts(platform.status["secrets"]["database"], _administrator_of_kafka(platform))
    await platform.stop()

    said: list[str] = []
    others = [name for name in service_names() if name not in _AGAIN]
    async with bring_up(data, said.append, services=others) as running:
        connection = await asyncpg.connect(running.postgres.admin_url)
        try:
            for service in _BUILT_AGAIN:
                await empty(connection, service.name)
                await rewind(running.kafka.client_settings(), service.events)
        finally:
            await connection.close()
    async with bring_up(data, said.append) as running:

        async def is_as_before() -> bool:
            after = await _counts(running.postgres.admin_url, dict(running.kafka.client_settings()))
            return after == before

        await eventually(is_as_before, within=_WITHIN, every=1.0)
        assert await _found_in_tables(running.postgres.admin_url) == set()
        assert _found_in_logs(data.logs) == set()


async def _live_too(life: Life) -> str:
    """A mentee in everything that keeps words or names: rosters, a pair, meetings, mails, feedback; gives their id."""
    platform, mentee = life.platform, f"{_EXTERNAL_ID}@alder.example"
    people = await import_roster(platform, life.administrator, _ROSTER)
    after = START + timedelta(days=10)
    await work_together(platform, life.administrator, people, mentor=life.mentor, mentee=mentee, after=after)
    async with platform.client("feedback", mentee) as http:
        [request] = (await done(lambda: http.get("/feedback-requests")))["items"]
        answers = {"answers": {"useful": 4, "open": 5, "keep_and_change": _WORDS}}
        path, key = f"/feedback-requests/{request['request_id']}/answers", {"Idempotency-Key": "of-the-seed"}
        await done(lambda: http.post(path, json=answers, headers=key))
    async with platform.client("directory", life.administrator) as http:  # a preview that is never applied
        csv, key = {"Content-Type": "text/csv"}, {"Idempotency-Key": "a-preview"}
        await done(lambda: http.post("/roster-imports", content=_ROSTER.encode(), headers=csv | key))
    return people[_EXTERNAL_ID]


async def _is_complete(life: Life, person_id: str) -> bool:
    async with life.platform.client("directory", life.administrator) as http:
        erasure = (await http.get(f"/erasures/{person_id}")).raise_for_status().json()
    return erasure["state"] == "complete"


async def _expect_nothing_of_them(platform: Platform, person_id: str) -> None:
    assert await _found_in_tables(platform.status["secrets"]["database"]) == set()
    assert _found_in_logs(platform.folder.logs) == set()
    records = await asyncio.to_thread(_read_everything, _administrator_of_kafka(platform))
    assert {seed for record in records for seed in SEEDS if seed.lower().encode() in _bytes_of(record)} == set()
    about = [record for record in records if record.key == str(contact_id(UUID(person_id))).encode()]
    assert about
    assert [record.body for record in about if record.topic == "osler.contacts" and record.body] == []


async def _found_in_tables(admin_url: str) -> set[str]:
    """What of the person any table of any schema holds, written out, in hex, or in another case."""
    connection = await asyncpg.connect(admin_url)
    try:
        tables = await connection.fetch(
            """
            SELECT format('SELECT to_jsonb(t)::text FROM %I.%I t', table_schema, table_name) AS rows_of
            FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
            """
        )
        texts = [row[0].lower() for table in tables for row in await connection.fetch(table["rows_of"])]
    finally:
        await connection.close()
    assert len(tables) > 60
    return {seed for seed in SEEDS if any(_is_in(seed, text) for text in texts)}


def _is_in(seed: str, text: str) -> bool:
    return seed.lower() in text or seed.encode().hex() in text or json.dumps(seed).lower() in text


def _found_in_logs(logs: Path) -> set[str]:
    texts = {file.name: file.read_bytes().lower() for file in logs.rglob("*") if file.is_file()}
    assert all(any(name.startswith(service) for name in texts) for service in service_names())
    return {f"{seed} in {name}" for seed in SEEDS for name, text in texts.items() if seed.lower().encode() in text}


def _read_everything(options: dict[str, Any]) -> list[Record]:
    return [record for topic in catalogue().topics for record in log.read(options, "erasure-test", topic)]


def _bytes_of(record: Record) -> bytes:
    return b"\n".join([record.key or b"", record.body or b"", *record.headers.values()]).lower()


def _administrator_of_kafka(platform: Platform) -> dict[str, Any]:
    known = platform.status["secrets"]["kafka"]
    own = {"sasl.username": known["username"], "sasl.password": known["password"]}
    return platform.kafka_options("directory") | own


async def _compact_contacts(platform: Platform, person_id: str) -> None:
    """Let the broker do within seconds what it does within a day: close the segment, and keep each key's last word."""
    options, topic = _administrator_of_kafka(platform), "osler.contacts"
    settings = {"segment.ms": "1000", "max.compaction.lag.ms": "1000", "min.cleanable.dirty.ratio": "0.001"}
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient(options)  # its answers end with it
    for answer in admin.incremental_alter_configs([resource]).values():
        await asyncio.to_thread(answer.result, 20)
    key = str(contact_id(UUID(person_id))).encode()

    async def is_compacted() -> bool:
        records = await asyncio.to_thread(log.read, options, "erasure-test", topic)
        about = [record for record in records if record.key == key]
        # A segment is closed when something is added to it: the tombstone once more, as a relay may send it.
        last = about[-1]
        producer = Producer(platform.kafka_options("directory"))
        producer.produce(topic, None, key, last.partition, headers=list(last.headers.items()))
        await asyncio.to_thread(producer.flush, 20)
        return all(record.body is None for record in about)

    await eventually(is_compacted, within=_WITHIN, every=2.0)


async def _counts(admin_url: str, options: dict[str, Any]) -> Mapping[str, Any]:
    """What every service holds that can be built again, who said that they erased, and how long each topic is."""
    connection = await asyncpg.connect(admin_url)
    try:
        tables = await held(connection, _AGAIN)
        receipts = await connection.fetch("SELECT person_id, service, done_at FROM directory.erasure_receipts")
    finally:
        await connection.close()
    records = await asyncio.to_thread(_read_everything, options)
    lengths = {
        topic: len([record for record in records if record.topic == topic])
        for topic, facts in catalogue().topics.items()
        if not facts.holds_states
    }
    return {"tables": tables, "receipts": sorted(map(tuple, receipts)), "records": lengths}
