"""Real Apache Kafka as a child process; listens on the loopback only, and denies whatever no rule allows."""

import asyncio
import base64
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import psutil
from aiokafka.errors import KafkaError as AnswerError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local import coordinators, java, ports
from deploy.local.folder import DataFolder, write_atomically
from deploy.local.jars import kafka_jars
from deploy.local.processes import Child, DidNotStart
from deploy.local.saying import Say, silent
from deploy.local.waiting import until

PROTOCOL: Final = "SASL_PLAINTEXT"
MECHANISM: Final = "SCRAM-SHA-512"
ADMIN: Final = "admin"
_CONTROLLER: Final = "controller"
_ITS_CONTROLLER: Final = "Kafka's controller"
_START_SECONDS: Final = 90
_COORDINATORS_SECONDS: Final = 5
_SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": PROTOCOL,
    "listener.security.protocol.map": f"CONTROLLER:SASL_PLAINTEXT,{PROTOCOL}:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": MECHANISM,
    "sasl.mechanism.inter.broker.protocol": MECHANISM,
    # The controller knows SCRAM passwords only once it runs, so the broker shows it one from this file; without it
    # anyone on the machine could speak to the controller as ANONYMOUS and go around the rules of the other listener.
    "sasl.mechanism.controller.protocol": "PLAIN",
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": f"User:{ADMIN};User:{_CONTROLLER}",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    # Kept short, so that a coordinator is read in a moment: a broker that was killed reads each twice when it comes
    # back, and where the first reading is not over when the second begins, Kafka may take its failure for both.
    "offsets.topic.segment.bytes": "1048576",
    "offsets.retention.minutes": "525600",  # a demo that was left alone for a month goes on where it was
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "message.max.bytes": "1048588",
    # After a crash the broker is let in again only when the controller has given up the one before it.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "1000",
    # Small and quiet: one machine, a dozen clients, and nothing to do most of the time.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.index.size.max.bytes": "1048576",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "group.coordinator.threads": "1",
    "metadata.max.idle.interval.ms": "5000",
}


class Kafka:
    """One Kafka broker, which is its own controller, in a data folder.

    `port` None means the fixed one or, where that is taken, another; 0 means any; else this very one. `settings` are
    Kafka's own and win over all others. `full_speed` lets Java's second compiler work: right where throughput is
    measured, and three seconds slower to start. Brokers of one cluster are told the same `cluster_id`.
    """

    name = "Kafka"

    def __init__(
        self,
        folder: DataFolder,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        full_speed: bool = False,
        place: str = "kafka",
        broker_options: Sequence[str] = (),
        niceness: int = 0,
        controller_port: int = 0,
        cluster_id: str = "",
        say: Say = silent,
    ) -> None:
        self.username = ADMIN
        self.password = folder.secret("kafka-admin")
        self._controller_password = folder.secret("kafka-controller")
        self._folder = folder
        self._home = folder.path / place
        self._asked_port = port
        self._ports = (0, controller_port)
        self._cluster_id = cluster_id or new_cluster_id()
        self._settings = settings or {}
        self._java_options = () if full_speed else java.QUICK_START
        self._broker_options = broker_options
        self._niceness = niceness
        self._child = Child(folder, place, niceness=niceness)
        self._say = say

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The pid of the broker."""
        return self._child.pid

    @property
    def log(self) -> Path:
        """Where it writes."""
        return self._child.log

    @property
    def running(self) -> bool:
        """Whether the broker's process lives."""
        return self._child.running

    @property
    def port(self) -> int:
        """The port for clients, known from the first start on."""
        return self._ports[0]

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.port}"

    def client_settings(
        self, username: str = ADMIN, password: str | None = None
    ) -> dict[str, str | int | float | bool]:
        """How a librdkafka client connects, as the administrator unless told otherwise."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": PROTOCOL,
            "sasl.mechanism": MECHANISM,
            "sasl.username": username,
            "sasl.password": self.password if password is None else password,
            "enable.metrics.push": False,
        }

    async def start(self) -> Self:
        """Start on the data that is there, or make it; returns when the administrator gets in. Raises DidNotStart."""
        jars = await kafka_jars(self._say)
        if left := await self._child.end_leftover():
            self._say(f"{self.name}: ended process {left}, left by an earlier run")
        self._home.mkdir(mode=0o700, exist_ok=True)
        self._ports = self._choose_ports()
        properties = self._write_properties()
        if not (self._home / "formatted").exists():
            await self._format(jars, properties)
        for name, port in zip((self.name, _ITS_CONTROLLER), self._ports, strict=True):
            ports.exact_port(name, port)  # kept until here: formatting takes seconds, in which others start too
        await self._start_broker(jars, properties)
        if refused := await self._refused_groups():
            self._say(f"{self.name}: {_refuses(refused)}; starting it again, which is Kafka's own way out")
            await self._child.stop()
            await self._start_broker(jars, properties)
            if refused := await self._refused_groups():
                raise self._child.failed(f"{_refuses(refused)}, also after another start")
        return self

    async def _start_broker(self, jars: Sequence[Path], properties: Path) -> None:
        self._run(self._child, jars, ["kafka.Kafka", str(properties)], self._broker_options)
        await self._become_ready()

    async def stop(self, seconds: float = 20) -> None:
        """End the broker in an orderly way: the next start need not read its logs again."""
        await self._child.stop(seconds)
        for port in self._ports:
            ports.give_back(port)  # chosen for a start that never came

    async def kill(self) -> None:
        """End the broker as a crash would: SIGKILL."""
        await self._child.kill()

    def _choose_ports(self) -> tuple[int, int]:
        return (
            self._choose_port(self.name, self._ports[0] or self._asked_port),
            self._choose_port(_ITS_CONTROLLER, self._ports[1] or (None if self._asked_port is None else 0)),
        )

    def _choose_port(self, name: str, port: int | None) -> int:
        if port is None:
            port = ports.choose_port(name, ports.PREFERRED[name], self._say)
        return port or ports.spare_port()

    def _properties(self) -> dict[str, str]:
        clients, controller = self._ports
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
        secret = self._controller_password
        return _SETTINGS | {
            "log.dirs": str(self._home / "log"),
            "listeners": f"{PROTOCOL}://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"{PROTOCOL}://127.0.0.1:{clients}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            f"listener.name.{PROTOCOL.lower()}.{MECHANISM.lower()}.sasl.jaas.config": (
                f'{scram} username="{ADMIN}" password="{self.password}";'
            ),
            "listener.name.controller.plain.sasl.jaas.config": (
                f'{plain} username="{_CONTROLLER}" password="{secret}" user_{_CONTROLLER}="{secret}";'
            ),
            **self._settings,
        }

    def _write_properties(self) -> Path:
        path = self._home / "server.properties"
        write_atomically(path, "".join(f"{name}={value}\n" for name, value in self._properties().items()))
        return path

    async def _format(self, jars: Sequence[Path], properties: Path) -> None:
        """Write the first records of the metadata log: the cluster's id and the administrator's password."""
        log = self._home / "log"
        if log.exists():
            shutil.rmtree(log)  # from a first start that was cut off before it had written anything else
        storage_tool = Child(self._folder, f"{self._home.name}-format", niceness=self._niceness)
        scram = f"{MECHANISM}=[name={ADMIN},password={self.password}]"
        arguments = ["format", "-t", self._cluster_id, "-c", str(properties), "--add-scram", scram]
        self._run(storage_tool, jars, ["kafka.tools.StorageTool", *arguments])
        try:
            finished = await storage_tool.ended(_START_SECONDS)
        finally:
            await storage_tool.stop(seconds=1)
        if not finished or storage_tool.exit_code != 0:
            raise storage_tool.failed("could not prepare the folder for Kafka's data")
        # It prints the administrator's keys; they must not stay in a log.
        storage_tool.log.unlink()
        write_atomically(self._home / "formatted", "")

    def _run(self, child: Child, jars: Sequence[Path], main: Sequence[str], options: Sequence[str] = ()) -> None:
        cache = java.cache_file(jars)
        options = [*self._java_options, *options, *([f"-XX:AOTCache={cache}"] if cache.exists() else [])]
        command = java.command(self._home / f"{child.name}.arguments", jars, options, main)
        child.start(command, env=java.ENVIRONMENT, cwd=self._home)

    async def _become_ready(self) -> None:
        if not await until(self._listens_or_ended, _START_SECONDS) or not self._child.running:
            raise self._child.failed("did not start")
        if not await until(self._knows_the_administrator, _START_SECONDS):
            raise self._child.failed("listens but does not answer")

    async def _listens_or_ended(self) -> bool:
        try:
            async with asyncio.timeout(1):  # another program may listen there and take nobody
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:  # TimeoutError is one
            return not self._child.running
        writer.close()
        return self._listens() or not self._child.running

    def _listens(self) -> bool:
        """Whether it is this broker that listens: another program may have taken the port while Java started."""
        with suppress(psutil.Error):
            listening = psutil.Process(self.pid).net_connections("tcp")
            return any(each.laddr.port == self.port for each in listening if each.status == psutil.CONN_LISTEN)
        return False

    async def _refused_groups(self) -> list[int]:
        """The partitions of the groups' topic that this broker leads and whose groups it refuses, after a fair wait."""
        admin = AdminClient(self.client_settings(), logger=SILENT)
        node = int(self._properties()["node.id"])
        connection = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": PROTOCOL,
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
        answers: dict[int, int] = {}

        async def all_answer() -> bool:
            with suppress(KafkaException, AnswerError):  # it did not say who leads what, or not in time: asked again
                metadata = await asyncio.to_thread(admin.list_topics, timeout=_START_SECONDS)
                known = metadata.topics.get(coordinators.TOPIC)  # made with the first group
                partitions = known.partitions if known else {}
                led = sorted(number for number, partition in partitions.items() if partition.leader == node)
                if led:
                    answers.update(await coordinators.errors(node, len(partitions), led, connection))
                return set(answers.values()) <= {coordinators.ANSWERS}
            return False

        if not await until(all_answer, _COORDINATORS_SECONDS) and coordinators.LOADS in answers.values():
            await until(all_answer, _START_SECONDS)
        return [number for number, error in answers.items() if error != coordinators.ANSWERS]

    async def _knows_the_administrator(self) -> bool:
        codes: list[int] = []

        def note(error: KafkaError) -> None:
            codes.append(error.code())

        client = AdminClient({**self.client_settings(), "error_cb": note}, logger=SILENT)
        try:
            await asyncio.to_thread(client.list_topics, timeout=5)
        except KafkaException:
            client.poll(0)  # the reason comes this way, and the exception says only that nothing came back
            if KafkaError._AUTHENTICATION in codes:  # noqa: SLF001 - librdkafka's name for it
                raise DidNotStart(
                    f"Kafka refuses the password kept in {self._folder.path}/secrets: folder and password do not "
                    "belong together. Restore the folder whole, or begin anew with `osler reset`."
                ) from None
            return False
        return True


def _refuses(partitions: Sequence[int]) -> str:
    return f"came back and refuses the consumer groups kept in {coordinators.TOPIC} {', '.join(map(str, partitions))}"


def new_cluster_id() -> str:
    """A new id in Kafka's own form, never starting with a dash, which a command line would take for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue
    return text


# librdkafka writes to the standard error what callers here are told by an exception.
SILENT: Final = logging.getLogger("osler.local.kafka")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
