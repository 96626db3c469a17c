"""A broker that comes back and refuses some consumer groups is started again; refused: to run on with such a broker."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.local import coordinators
from deploy.local.folder import DataFolder
from deploy.local.kafka import SILENT, Kafka
from deploy.local.processes import DidNotStart

_UNREADABLE = 2
# A group's metadata by its key (two bytes of version 2, then the name), and a value in a version that no Kafka knows.
_KEY = b"\x00\x02\x00\x03bad"
_VALUE = b"\x7f\xff\x00\x00"


async def test_a_broker_that_refuses_some_groups_is_started_again_and_answers_all(tmp_path: Path) -> None:
    said: list[str] = []

    def mend_and_note(line: str) -> None:
        said.append(line)
        if "refuses the consumer groups" in line:
            _drop_the_unreadable_record(kafka, folder)

    folder = DataFolder.make(tmp_path / "data")
    kafka = Kafka(folder, port=0, say=mend_and_note)
    try:
        await kafka.start()
        await asyncio.to_thread(_write_an_unreadable_record, kafka)
        await kafka.kill()
        await kafka.start()
        assert [line for line in said if f"{coordinators.TOPIC} {_UNREADABLE};" in line] == said
        assert len(said) == 1
    finally:
        await kafka.stop()


async def test_a_broker_that_goes_on_refusing_does_not_start_and_says_which_groups(tmp_path: Path) -> None:
    kafka = Kafka(DataFolder.make(tmp_path / "data"), port=0)
    try:
        await kafka.start()
        await asyncio.to_thread(_write_an_unreadable_record, kafka)
        await kafka.stop()
        with pytest.raises(DidNotStart, match=f"{coordinators.TOPIC} {_UNREADABLE}, also after another start"):
            await kafka.start()
    finally:
        await kafka.stop()


@pytest.mark.parametrize(("group", "partition"), [("pairing", 0), ("notifications.osler.meetings", 3), ("a", 1)])
def test_a_group_is_kept_where_java_says(group: str, partition: int) -> None:
    assert coordinators.partition_of(group, 4) == partition


def _admin(kafka: Kafka) -> AdminClient:
    return AdminClient(kafka.client_settings(), logger=SILENT)


def _write_an_unreadable_record(kafka: Kafka) -> None:
    """Make the topic of the groups by committing an offset, and write there what no coordinator can load."""
    admin = _admin(kafka)
    for made in admin.create_topics([NewTopic("anything", 1, 1)]).values():
        made.result(30)
    member = Consumer({**kafka.client_settings(), "group.id": "anyone"})
    member.commit(offsets=[TopicPartition("anything", 0, 0)], asynchronous=False)
    member.close()
    producer = Producer({**kafka.client_settings(), "client.id": "__admin_client"}, logger=SILENT)
    errors: list[object] = []
    producer.produce(
        coordinators.TOPIC, _VALUE, _KEY, partition=_UNREADABLE, on_delivery=lambda error, _: errors.append(error)
    )
    assert producer.flush(30) == 0
    assert errors == [None]


def _drop_the_unreadable_record(kafka: Kafka, folder: DataFolder) -> None:
    """Do what someone would who repairs it by hand: with the broker ended, remove that partition's files."""
    os.kill(kafka.pid, signal.SIGKILL)
    os.waitid(os.P_PID, kafka.pid, os.WEXITED | os.WNOWAIT)
    shutil.rmtree(folder.path / "kafka" / "log" / f"{coordinators.TOPIC}-{_UNREADABLE}")
