"""What comes out, read by clients that are not ours: librdkafka, Kafka's own Java client and the CloudEvents SDK."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from jsonschema import Draft202012Validator, FormatChecker, validate

from deploy.local import java
from deploy.local.jars import kafka_jars
from deploy.schemas.__main__ import FOLDER, ROOT
from shared.contracts.topics import catalogue
from tests.e2e import log
from tests.e2e.life import Life
from tests.e2e.log import Record
from tests.e2e.up import Platform

ANALYTICS = "analytics"
READABLE = sorted(name for name, topic in catalogue().topics.items() if ANALYTICS in topic.readers)
OTHERS = sorted(catalogue().topics.keys() - set(READABLE))
HAPPENED = {
    "osler.pairing": ["pair_proposed", "pair_accepted", "pair_activated"],
    "osler.meetings": ["meeting_proposed", "meeting_scheduled", "meeting_held"] * 3,
}
_SECONDS = 20.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="package")
def records(life: Life) -> dict[str, list[Record]]:
    """Every record of every topic, as the local administrator reads them."""
    admin = life.platform.status["secrets"]["kafka"]
    options = life.platform.kafka_options(ANALYTICS)
    options |= {"sasl.username": admin["username"], "sasl.password": admin["password"]}
    return {name: log.read(options, "stock-clients", name) for name in catalogue().topics}


@pytest.mark.parametrize("topic", READABLE)
def test_librdkafka_reads_what_analytics_may_read_from_the_first_record(life: Life, topic: str) -> None:
    found = log.read(life.platform.kafka_options(ANALYTICS), f"{ANALYTICS}.stock", topic)

    kinds = [record.headers["ce_type"].decode().split(".")[2] for record in found if _is_of(record, life.pair_id)]
    assert [kind for kind in kinds if kind in HAPPENED[topic]] == HAPPENED[topic]


@pytest.mark.parametrize("topic", READABLE)
async def test_the_java_console_consumer_reads_the_same_records(life: Life, tmp_path: Path, topic: str) -> None:
    options = life.platform.kafka_options(ANALYTICS)
    expected = await asyncio.to_thread(log.read, options, f"{ANALYTICS}.stock", topic)

    lines = await _console_consumer(life.platform, tmp_path, topic, records=len(expected))

    places = [f"Partition:{record.partition}\tOffset:{record.offset}" for record in expected]
    assert sorted(line.split("\tce_specversion", 1)[0] for line in lines) == sorted(places)
    assert sorted(line.rsplit("\t", 1)[1] for line in lines) == sorted(_text(record.body) for record in expected)


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_the_official_sdk_parses_every_record(records: dict[str, list[Record]], topic: str) -> None:
    assert records[topic]
    for record in records[topic]:
        parsed = from_binary_event(KafkaMessage(headers=record.headers, key=record.key, value=record.body or b""))

        assert parsed.get_specversion() == "1.0"
        assert parsed.get_type().startswith(f"{topic}.")
        assert parsed.get_subject() == record.headers["ce_subject"].decode()
        assert parsed.get_data() == (None if record.body is None else json.loads(record.body))


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_every_record_is_as_its_committed_schema_says(records: dict[str, list[Record]], topic: str) -> None:
    for record in records[topic]:
        schema = json.loads((ROOT / FOLDER / f"events/{_text(record.headers['ce_type'])}.json").read_text("utf-8"))
        body = None if record.body is None else json.loads(record.body)

        validate(body, schema, cls=Draft202012Validator, format_checker=FormatChecker())


def test_an_erased_person_leaves_a_tombstone_as_the_last_word_on_contacts(
    life: Life, records: dict[str, list[Record]]
) -> None:
    erased = [r for r in records["osler.directory"] if b".person_erased." in r.headers["ce_type"]]
    tombstones = {r.key: r for r in records["osler.contacts"] if r.body is None}

    assert [json.loads(r.body or b"")["person_id"] for r in erased] == [life.erased_id]
    assert len(tombstones) == 1
    last = {record.key: record for record in records["osler.contacts"]}
    assert all(last[key] == tombstone for key, tombstone in tombstones.items())


@pytest.mark.parametrize("topic", OTHERS)
def test_analytics_is_refused_every_other_topic(platform: Platform, topic: str) -> None:
    with pytest.raises(KafkaException) as refused:
        log.read(platform.kafka_options(ANALYTICS), f"{ANALYTICS}.stock", topic)

    assert _code(refused.value) == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("group", ["meetings.osler.pairing", "console-consumer-1", "stock-clients", "other-analytics"])
def test_analytics_is_refused_every_other_group(platform: Platform, group: str) -> None:
    consumer = Consumer(platform.kafka_options(ANALYTICS) | {"group.id": group})
    try:
        consumer.subscribe([READABLE[0]])
        message = consumer.poll(_SECONDS)
        error = None if message is None else message.error()
        assert error is not None
        assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED
    finally:
        consumer.close()


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_analytics_is_refused_every_write(platform: Platform, topic: str) -> None:
    outcomes: list[KafkaError | None] = []
    producer = Producer(platform.kafka_options(ANALYTICS))
    producer.produce(topic, b"{}", on_delivery=lambda error, _: outcomes.append(error))

    assert producer.flush(_SECONDS) == 0
    assert [None if error is None else error.code() for error in outcomes] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def _is_of(record: Record, pair_id: str) -> bool:
    return record.key == pair_id.encode()


def _text(said: bytes | None) -> str:
    return "" if said is None else said.decode()


def _code(error: KafkaException) -> int:
    reason: Any = error.args[0]
    return reason.code()


async def _console_consumer(platform: Platform, folder: Path, topic: str, *, records: int) -> list[str]:
    """What Kafka's own console consumer prints, from the same jars that the broker runs from."""
    options = platform.kafka_options(ANALYTICS)
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    user, password = options["sasl.username"], options["sasl.password"]
    settings = folder / "client.properties"
    settings.write_text(
        "security.protocol=SASL_PLAINTEXT\n"
        f"sasl.mechanism={options['sasl.mechanism']}\n"
        f'sasl.jaas.config={login} username="{user}" password="{password}";\n',
        encoding="utf-8",
    )
    words = [
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        *("--bootstrap-server", options["bootstrap.servers"], "--command-config", str(settings)),
        *("--topic", topic, "--group", f"{ANALYTICS}.java.{topic}", "--from-beginning", "--max-messages", str(records)),
    ]
    for shown in ("partition", "offset", "headers"):
        words += ["--formatter-property", f"print.{shown}=true"]
    command = java.command(folder / "words", await kafka_jars(), java.QUICK_START, words)
    child = await asyncio.create_subprocess_exec(
        *command, env=java.ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaints = await asyncio.wait_for(child.communicate(), 120)
    assert child.returncode == 0, complaints.decode()
    return said.decode().splitlines()
