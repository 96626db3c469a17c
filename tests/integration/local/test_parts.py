"""The parts for real: they come up, survive what happens to them, let nobody in, and leave nothing behind."""

import asyncio
import os
import signal
import smtplib
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from deploy.local import ports
from deploy.local.folder import DataFolder, read_json
from deploy.local.kafka import SILENT, Kafka
from deploy.local.platform import Platform
from deploy.local.processes import DidNotStart
from deploy.local.status import NotRunning, read_status, with_secrets
from deploy.local.up import bring_up
from shared.testing.eventually import eventually

UP = """
import asyncio, sys
from pathlib import Path
from deploy.local import session
from deploy.local.folder import DataFolder
from deploy.local.up import bring_up

async def stay():
    async with bring_up(DataFolder.make(Path(sys.argv[1])), print, services=()):
        await asyncio.Event().wait()

session.run(stay, print)
"""


class Running:
    """The parts of this file's tests, and what was said while they came up."""

    def __init__(self, platform: Platform, said: list[str]) -> None:
        self.platform = platform
        self.said = said


@pytest.fixture(scope="module")
def taken() -> Generator[list[int]]:
    """Every preferred port, taken by a program that listens there; none that another platform on the machine wants."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name in ports.PREFERRED:
            other = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            patch.setitem(ports.PREFERRED, name, other.getsockname()[1])
        yield list(ports.PREFERRED.values())


@pytest.fixture(scope="module")
async def running(taken: list[int], tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Running]:
    assert taken
    said: list[str] = []
    folder = DataFolder.make(tmp_path_factory.mktemp("local") / "data")
    async with bring_up(folder, said.append, services=()) as platform:
        yield Running(platform, said)


def test_parts_whose_ports_are_taken_listen_on_others_and_say_so(running: Running, taken: list[int]) -> None:
    used = [part.port for part in running.platform.parts]
    assert len(set(used)) == 4
    assert not set(used) & set(taken)
    for name in ports.PREFERRED:
        if name != "console":
            assert any("is taken" in line and f": {name} listens on" in line for line in running.said)


async def test_a_wrong_password_is_refused_by_every_engine(running: Running) -> None:
    postgres, kafka = running.platform.postgres, running.platform.kafka
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url("osler_admin", "guess"), ssl=False)
    for username, password in (("admin", "guess"), ("nobody", "guess"), ("pairing", "guess")):
        assert await refusal(kafka.client_settings(username, password)) == KafkaError._AUTHENTICATION  # noqa: SLF001 - its public name


async def test_nobody_gets_in_without_a_password_nor_by_the_controllers_door(running: Running) -> None:
    kafka = running.platform.kafka
    plain = {**kafka.client_settings(), "security.protocol": "PLAINTEXT"}
    assert await refusal(plain) is not None
    properties = dict(
        line.split("=", 1)
        for line in (running.platform.folder.path / "kafka/server.properties").read_text().split("\n")
        if line
    )
    controller = properties["controller.quorum.voters"].partition("@")[2]
    for settings in (
        {"security.protocol": "PLAINTEXT"},
        {"sasl.mechanism": "PLAIN", "sasl.username": "controller", "sasl.password": "guess"},
    ):
        assert await refusal({**kafka.client_settings(), **settings, "bootstrap.servers": controller}) is not None


async def test_a_user_without_a_rule_sees_writes_and_reads_nothing(running: Running) -> None:
    kafka = running.platform.kafka
    password = "a-strangers-password"
    admin = AdminClient(kafka.client_settings(), logger=SILENT)
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion("stranger", scram, password.encode())])[
        "stranger"
    ].result(10)
    stranger = kafka.client_settings("stranger", password)

    async def is_known() -> bool:
        return await refusal(stranger) is None

    await eventually(is_known)
    assert list(AdminClient(stranger, logger=SILENT).list_topics(timeout=10).topics) == []
    assert "osler.pairing" in admin.list_topics(timeout=10).topics
    assert await asyncio.to_thread(write_error, stranger, "osler.pairing") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert await asyncio.to_thread(read_error, stranger, "osler.pairing") in {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    }


async def test_the_database_logs_an_error_without_its_values(running: Running) -> None:
    postgres = running.platform.postgres
    connection = await asyncpg.connect(postgres.admin_url, ssl=False)
    try:
        await connection.execute("CREATE TEMPORARY TABLE letters (content text PRIMARY KEY)")
        await connection.execute("INSERT INTO letters VALUES ($1)", "between us")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO letters VALUES ($1)", "between us")
    finally:
        await connection.close()

    async def logged() -> str:
        lines = postgres.log.read_text()
        return lines if "duplicate key" in lines else ""

    assert "between us" not in await eventually(logged)


@pytest.mark.parametrize("name", ["mailbox", "issuer", "PostgreSQL", "Kafka"])
async def test_a_part_that_is_killed_comes_back_with_what_it_had(running: Running, name: str) -> None:
    platform = running.platform
    part = next(part for part in platform.parts if part.name == name)
    await leave_traces(platform.folder, name)
    token = platform.secrets.issuer_key()
    killed = part.pid
    os.kill(killed, signal.SIGKILL)

    async def is_back() -> bool:
        return part.running and part.pid != killed and f"✓ {name} runs again (process {part.pid})" in running.said

    await eventually(is_back, within=60)
    assert await traces(platform.folder, name) == (1, 1)
    assert platform.secrets.issuer_key() == token


async def test_a_part_that_ends_while_its_folder_takes_no_change_comes_back_when_it_does(running: Running) -> None:
    mailbox, folder = running.platform.mailbox, running.platform.folder
    in_the_way = folder.processes / f".mailbox.json.{os.getpid()}"
    in_the_way.mkdir()
    killed = mailbox.pid
    os.kill(killed, signal.SIGKILL)

    async def is_refused() -> bool:
        return any(line.startswith("✗ mailbox: ") and str(in_the_way) in line for line in running.said)

    async def is_back() -> bool:
        return mailbox.running and f"✓ mailbox runs again (process {mailbox.pid})" in running.said

    await eventually(is_refused, within=30)
    in_the_way.rmdir()
    await eventually(is_back, within=30)
    assert mailbox.pid != killed


async def test_whoever_takes_the_port_while_java_starts_is_not_mistaken_for_kafka(tmp_path: Path) -> None:
    kafka = Kafka(DataFolder.make(tmp_path / "data"))
    starting = asyncio.create_task(kafka.start())

    async def java_starts() -> bool:
        return kafka.running or starting.done()

    await eventually(java_starts, within=60, every=0.01)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", kafka.port))
        stranger.listen(1)  # it takes nobody, so whoever comes after the second waits
        with pytest.raises(DidNotStart, match="did not start"):
            await starting
    await kafka.stop()


async def test_nothing_outlives_a_parent_that_was_killed_and_all_starts_again_on_its_data(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    async with a_parent(folder) as parent:
        await leave_traces(folder, "before")
        left = processes_of(folder)
        assert {process.name() for process in left} >= {"postgres", "java"}
        parent.kill()
        await parent.wait()
        await eventually(lambda: asyncio.to_thread(none_of, left))
        assert folder.holder() is None
        with pytest.raises(NotRunning):
            read_status(folder)
    async with a_parent(folder) as parent:
        assert await traces(folder, "before") == (1, 1)
        left = processes_of(folder)
        parent.terminate()
        assert await asyncio.wait_for(parent.wait(), 30) == 0
        assert none_of(left)
        assert (folder.path / "running.json").exists() is False
        assert "everything is stopped" in (tmp_path / "data.log").read_text()


async def refusal(settings: dict[str, Any]) -> int | None:
    """The code of the first error that a client with these settings meets; None when it is let in."""
    codes: list[int] = []

    def note(error: KafkaError) -> None:
        codes.append(error.code())

    client = AdminClient({**settings, "error_cb": note}, logger=SILENT)
    try:
        await asyncio.to_thread(client.list_topics, timeout=2)
    except KafkaException as failure:
        client.poll(0)
        return [*codes, failure.args[0].code()][0]
    return None


def write_error(settings: dict[str, Any], topic: str) -> int | None:
    """The code of the error that writing meets."""
    codes: list[int | None] = []
    producer = Producer(settings, logger=SILENT)
    producer.produce(topic, b"forged", on_delivery=lambda error, _: codes.append(error.code() if error else None))
    producer.flush(10)
    return codes[0]


def read_error(settings: dict[str, Any], topic: str) -> int | None:
    """The code of the error that reading in a group meets."""
    consumer = Consumer({**settings, "group.id": "stranger"}, logger=SILENT)
    try:
        consumer.subscribe([topic])
        message = consumer.poll(10)
        error = message.error() if message else None
        return error.code() if error else None
    finally:
        consumer.close()


async def leave_traces(folder: DataFolder, name: str) -> None:
    """One row in the database and one mail, both with this name."""
    status = with_secrets(read_status(folder), folder)
    connection = await asyncpg.connect(status["secrets"]["database"], ssl=False)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS traces (name text)")
        await connection.execute("INSERT INTO traces VALUES ($1)", name)
    finally:
        await connection.close()
    await asyncio.to_thread(send_mail, smtp_port_of(folder), f"{name}@north.example")


async def traces(folder: DataFolder, name: str) -> tuple[int, int]:
    """How many rows and mails of this name are there."""
    status = with_secrets(read_status(folder), folder)
    connection = await asyncpg.connect(status["secrets"]["database"], ssl=False)
    try:
        rows = await connection.fetchval("SELECT count(*) FROM traces WHERE name = $1", name)
    finally:
        await connection.close()
    async with httpx.AsyncClient(trust_env=False) as client:
        found = await client.get(f"{status['mailbox']}/messages.json", params={"to": f"{name}@north.example"})
    return rows, len(found.json()["messages"])


def send_mail(port: int, recipient: str) -> None:
    """Hand one mail over."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.sendmail("osler@localhost", [recipient], b"Subject: trace\r\n\r\nA trace.\r\n")


def smtp_port_of(folder: DataFolder) -> int:
    """Where the mailbox takes mail: the last word of its command."""
    record = read_json(folder.processes / "mailbox.json") or {}
    return int(psutil.Process(record["pid"]).cmdline()[-1])


def processes_of(folder: DataFolder) -> list[psutil.Process]:
    """Every process of the parts of this folder, and their children."""
    records = [read_json(path) or {} for path in folder.processes.glob("*.json")]
    parts = [psutil.Process(record["pid"]) for record in records]
    return [*parts, *(child for part in parts for child in part.children(recursive=True))]


def none_of(processes: list[psutil.Process]) -> bool:
    """Whether all of them are gone."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@asynccontextmanager
async def a_parent(folder: DataFolder) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process of its own that keeps the parts up."""
    async with AsyncExitStack() as stack:
        log = stack.enter_context(folder.path.with_suffix(".log").open("wb"))
        parent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            UP,
            str(folder.path),
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

        async def is_up() -> bool:
            assert parent.returncode is None, folder.path.with_suffix(".log").read_text()
            try:
                return bool(read_status(folder))
            except NotRunning:
                return False

        try:
            await eventually(is_up, within=90, every=0.2)
            yield parent
        finally:
            if parent.returncode is None:
                parent.kill()
                await parent.wait()
