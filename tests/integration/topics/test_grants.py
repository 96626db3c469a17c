"""Every cell of the catalogue on a real broker of its own: who reads, writes and uses groups; and apply itself."""

import asyncio
import re
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from deploy.local import java
from deploy.local.folder import DataFolder
from deploy.local.jars import kafka_jars
from deploy.local.kafka import Kafka
from shared.contracts.topics import Catalogue, catalogue
from shared.platform import topics
from shared.platform.topics import Plan, Security, TopicsRefused, acls, principals
from tests import backend

_SECONDS = 15.0
_GUIDE = (Path(__file__).parents[3] / "docs/guide/events.md").read_text(encoding="utf-8")
_TOPICS = sorted(catalogue().topics)
_PRINCIPALS = principals(catalogue())


@dataclass(frozen=True)
class Broker:
    """A real broker, as any of its users."""

    kafka: Kafka
    passwords: dict[str, str]

    def options(self, user: str) -> dict[str, object]:
        """How a stock librdkafka client signs in."""
        return {**self.kafka.client_settings(user, self.passwords.get(user)), "log_level": 0}

    @contextmanager
    def reader(self, user: str, group: str) -> Generator[Consumer]:
        """A consumer that begins at the first record, and leaves its group at the end."""
        consumer = Consumer(
            self.options(user)
            | {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
            | {"enable.partition.eof": True, "allow.auto.create.topics": False}
        )
        try:
            yield consumer
        finally:
            consumer.close()

    def may_write(self, user: str, topic: str, *, idempotent: bool = False) -> bool:
        """Whether one record is acknowledged."""
        outcome: list[KafkaError | None] = []
        producer = Producer(self.options(user) | {"enable.idempotence": idempotent, "acks": "all"})
        producer.produce(topic, b"{}", token_hex(4).encode(), on_delivery=lambda error, _: outcome.append(error))
        assert producer.flush(_SECONDS) == 0
        return _allowed(outcome[0], KafkaError.TOPIC_AUTHORIZATION_FAILED)

    def may_read(self, user: str, topic: str) -> bool:
        """Whether a record or the partition's end is given out."""
        with self.reader(user, _group(user)) as consumer:
            known = consumer.list_topics(topic, timeout=_SECONDS).topics[topic]
            if not _allowed(known.error, KafkaError.TOPIC_AUTHORIZATION_FAILED):
                return False
            consumer.assign([TopicPartition(topic, 0, 0)])
            message = consumer.poll(_SECONDS)
            assert message is not None
            return _allowed(message.error(), KafkaError.TOPIC_AUTHORIZATION_FAILED)

    def may_use_group(self, user: str, group: str, topic: str) -> bool:
        """Whether offsets may be kept under a group's name."""
        client = AdminClient(self.options(user))
        offsets = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])
        answer = client.alter_consumer_group_offsets([offsets], request_timeout=_SECONDS)[group]
        try:
            answer.result(_SECONDS)
        except KafkaException as refused:
            return _allowed(refused.args[0], KafkaError.GROUP_AUTHORIZATION_FAILED)
        return True

    def apply(self, like: Catalogue | None = None, *, dry_run: bool = False) -> Plan:
        """What `osler topics apply` does."""
        security = Security(self.kafka.username, self.kafka.password)
        return topics.apply(self.kafka.bootstrap, security, like or catalogue(), self.passwords, dry_run=dry_run)

    def admin(self) -> AdminClient:
        """The administrator's client."""
        return AdminClient(self.options(self.kafka.username))


def _allowed(error: KafkaError | None, refusal: int) -> bool:
    """Whether there was no error, or only the end of a partition; anything but the refusal is a failure of the test."""
    if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name for it
        return True
    assert error.code() == refusal, error.str()
    return False


def _group(user: str) -> str:
    return f"{user}.{token_hex(4)}"


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Broker]:
    """A broker with the catalogue applied; of its own, because these tests write what no service says."""
    folder = DataFolder.make(tmp_path_factory.mktemp("broker"))
    with folder.hold():
        async with backend.a_kafka(folder) as kafka:
            ready = Broker(kafka, {name: token_hex(16) for name in _PRINCIPALS})
            assert len((await asyncio.to_thread(ready.apply)).topics) == len(_TOPICS)
            yield ready


@pytest.mark.parametrize("principal", _PRINCIPALS)
async def test_a_principal_writes_its_own_topics_and_no_other(principal: str, broker: Broker) -> None:
    answers = await asyncio.gather(*(asyncio.to_thread(broker.may_write, principal, topic) for topic in _TOPICS))
    written = {topic for topic, yes in zip(_TOPICS, answers, strict=True) if yes}
    assert written == {topic.name for topic in catalogue().topics.values() if topic.publisher == principal}


@pytest.mark.parametrize("principal", _PRINCIPALS)
async def test_a_principal_reads_the_topics_that_name_it_and_no_other(principal: str, broker: Broker) -> None:
    answers = await asyncio.gather(*(asyncio.to_thread(broker.may_read, principal, topic) for topic in _TOPICS))
    read = {topic for topic, yes in zip(_TOPICS, answers, strict=True) if yes}
    assert read == {topic.name for topic in catalogue().topics.values() if principal in topic.readers}


@pytest.mark.parametrize("principal", _PRINCIPALS)
async def test_a_principal_uses_its_own_groups_and_no_other(principal: str, broker: Broker) -> None:
    topic = next(topic.name for topic in catalogue().topics.values() if principal in topic.readers)
    groups = [f"{other}.{topic}" for other in _PRINCIPALS] + ["stranger"]
    answers = await asyncio.gather(
        *(asyncio.to_thread(broker.may_use_group, principal, group, topic) for group in groups)
    )
    assert {group for group, yes in zip(groups, answers, strict=True) if yes} == {f"{principal}.{topic}"}


@pytest.mark.parametrize("topic", [topic for topic in _TOPICS if topic != "osler.contacts"])
async def test_an_idempotent_producer_needs_no_right_but_its_topic(topic: str, broker: Broker) -> None:
    publisher = catalogue().topics[topic].publisher
    assert await asyncio.to_thread(broker.may_write, publisher, topic, idempotent=True)


async def test_analytics_reads_both_its_topics_from_the_first_record_with_a_stock_client(broker: Broker) -> None:
    keys = {topic: token_hex(8).encode() for topic in ("osler.pairing", "osler.meetings")}
    for topic, key in keys.items():
        producer = Producer(broker.options(catalogue().topics[topic].publisher))
        producer.produce(topic, b"{}", key, headers=[("ce_specversion", b"1.0")])
        assert producer.flush(_SECONDS) == 0

    def read() -> tuple[set[bytes | None], int]:
        with broker.reader("analytics", f"analytics.{token_hex(4)}") as consumer:
            consumer.subscribe(list(keys))
            found: dict[bytes | None, int] = {}
            ends = 0
            while ends < sum(catalogue().topics[topic].partitions for topic in keys):
                for message in consumer.consume(500, 0.5):
                    if message.error() is not None:
                        ends += 1
                    else:
                        found[message.key()] = message.offset()
            consumer.commit(asynchronous=False)
            return set(found), min(found.values())

    found, first = await asyncio.to_thread(read)
    assert set(keys.values()) <= found
    assert first == 0


async def test_kafkas_own_console_consumer_reads_with_the_command_of_the_guide(broker: Broker, tmp_path: Path) -> None:
    key = token_hex(8).encode()
    producer = Producer(broker.options("meetings"))
    producer.produce("osler.meetings", b'{"version": 1}', key, headers=[("ce_specversion", b"1.0")])
    assert producer.flush(_SECONDS) == 0
    security = tmp_path / "client.properties"
    login = f'username="analytics" password="{broker.passwords["analytics"]}"'
    security.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n"
        f"sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required {login};\n"
    )
    found = re.search(r"^kafka-console-consumer\.sh (.*?)^```", _GUIDE, re.DOTALL | re.MULTILINE)
    assert found is not None
    words = found[1].replace("\\\n", " ").split()
    words[words.index("kafka.example:9093")] = broker.kafka.bootstrap
    words[words.index("client.properties")] = str(security)
    tool = ["org.apache.kafka.tools.consumer.ConsoleConsumer", *words, "--timeout-ms", "8000"]
    command = java.command(tmp_path / "arguments", await kafka_jars(), java.QUICK_START, tool)
    child = await asyncio.create_subprocess_exec(*command, env=java.ENVIRONMENT, stdout=PIPE, stderr=PIPE)
    printed, complaints = await asyncio.wait_for(child.communicate(), 60)
    lines = printed.decode().splitlines()
    assert f'ce_specversion:1.0\t{key.decode()}\t{{"version": 1}}' in lines, complaints.decode()


async def test_applying_again_changes_nothing(broker: Broker) -> None:
    assert not await asyncio.to_thread(broker.apply)


async def test_what_somebody_added_by_hand_is_shown_first_and_then_taken_back(broker: Broker) -> None:
    added = AclBinding(
        ResourceType.TOPIC, "osler.contacts", ResourcePatternType.LITERAL, "User:analytics", "*",
        AclOperation.READ, AclPermissionType.ALLOW,
    )  # fmt: skip
    admin = broker.admin()
    for answer in admin.create_acls([added]).values():
        answer.result(_SECONDS)
    looked = await asyncio.to_thread(broker.apply, dry_run=True)
    assert looked.lines() == ["take back: User:analytics may READ topic osler.contacts"]
    assert await asyncio.to_thread(broker.may_read, "analytics", "osler.contacts")
    await asyncio.to_thread(broker.apply)
    assert not await asyncio.to_thread(broker.may_read, "analytics", "osler.contacts")


async def test_a_setting_that_was_changed_by_hand_is_set_back(broker: Broker) -> None:
    entry = ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)
    admin = broker.admin()
    resource = ConfigResource(ResourceType.TOPIC, "osler.feedback", incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(_SECONDS)
    done = await asyncio.to_thread(broker.apply)
    assert done.lines() == ["set retention.ms of osler.feedback to -1"]
    assert not await asyncio.to_thread(broker.apply, dry_run=True)


async def test_a_new_password_counts_from_the_moment_apply_returns(broker: Broker) -> None:
    changed = Broker(broker.kafka, broker.passwords | {"analytics": token_hex(16)})
    try:
        assert (await asyncio.to_thread(changed.apply)).lines() == ["set the password of analytics"]
        assert await asyncio.to_thread(changed.may_read, "analytics", "osler.pairing")
    finally:
        await asyncio.to_thread(broker.apply)


async def test_the_number_of_partitions_of_an_existing_topic_is_never_changed(broker: Broker) -> None:
    topic = catalogue().topics["osler.pairing"]
    other = catalogue().model_copy(update={"topics": {topic.name: topic.model_copy(update={"partitions": 24})}})
    with pytest.raises(TopicsRefused, match=r"osler\.pairing has 12 partitions and the catalogue says 24"):
        await asyncio.to_thread(broker.apply, other)


async def test_only_the_topics_of_the_catalogue_exist(broker: Broker) -> None:
    known = await asyncio.to_thread(lambda: broker.admin().list_topics(timeout=_SECONDS).topics)
    assert {name for name in known if name.startswith("osler.")} >= set(_TOPICS)
    refused = broker.admin()
    own = AdminClient(broker.options("pairing"))
    with pytest.raises(KafkaException):
        own.create_topics([NewTopic("osler.pairing.more", 1, 1)])["osler.pairing.more"].result(_SECONDS)
    assert "osler.pairing.more" not in refused.list_topics(timeout=_SECONDS).topics


def test_every_principal_of_the_catalogue_was_tried() -> None:
    assert {grant.principal for grant in acls(catalogue())} == set(_PRINCIPALS)
