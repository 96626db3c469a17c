"""PostgreSQL and Kafka in containers, behind the face of the local ones; refuses to begin without a Docker engine."""

import asyncio
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, Self

import pytest
from docker.errors import DockerException, ImageNotFound
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from deploy.local import jars, ports, postgres
from deploy.local.folder import DataFolder
from deploy.local.kafka import ADMIN, MECHANISM, Kafka, new_cluster_id
from deploy.local.postgres import Postgres
from deploy.local.processes import Child, Identity

POSTGRES_IMAGE: Final = "postgres:18"
KAFKA_IMAGE: Final = f"apache/kafka:{jars.VERSION}"
POSTGRES_USER: Final = Identity(999, 999, may_pass=False)
"""Whom the image runs PostgreSQL as."""
_DATA: Final = "/var/lib/kafka/data"
_PROPERTIES: Final = "/opt/kafka/config/osler.properties"
# The image's own entry point can make no user of SCRAM, so the log is formatted as on a machine of one's own.
_START: Final = f"""
test -f {_DATA}/meta.properties || /opt/kafka/bin/kafka-storage.sh format \
  --cluster-id "$CLUSTER_ID" --config {_PROPERTIES} --add-scram "$ADMINISTRATOR" || exit 1
exec /opt/kafka/bin/kafka-server-start.sh {_PROPERTIES}
"""


def demand() -> None:
    """Make sure that an engine answers and has the images; raises UsageError, which pytest shows and ends with."""
    images = [POSTGRES_IMAGE, KAFKA_IMAGE]
    if not testcontainers_config.ryuk_disabled:
        images.append(testcontainers_config.ryuk_image)
    try:
        with _engine() as engine:
            for image in images:
                _have(engine, image)
    except DockerException as refused:
        raise pytest.UsageError(
            f"BACKEND=containers needs a Docker engine, and none answers ({refused}). Start one, or leave BACKEND out: "
            "PostgreSQL and Kafka are child processes then."
        ) from refused


def _have(engine: DockerClient, image: str) -> None:
    try:
        engine.client.images.get(image)
    except ImageNotFound:
        try:
            engine.client.images.pull(image)
        except DockerException as refused:
            raise pytest.UsageError(
                f"BACKEND=containers needs the image {image}, and the Docker engine cannot get it ({refused})."
            ) from refused


@contextmanager
def _engine() -> Generator[DockerClient]:
    engine = DockerClient()
    try:
        yield engine
    finally:
        engine.client.close()


@cache
def host() -> str:
    """Where the ports of containers are reached from here."""
    with _engine() as engine:
        found = engine.host()
    return "127.0.0.1" if found == "localhost" else found


class _Contained(Child):
    """A container in the place of a child process: killed and started again, it has its data and its ports."""

    _container: DockerContainer | None = None

    @property
    def running(self) -> bool:
        if self._container is None:
            return False
        self._container.reload()
        return self._container.status == "running"

    async def begin(self, make: Callable[[], DockerContainer]) -> None:
        """Start the container, which is made at first, with ports that are its own from then on."""
        if self._container is None:
            self._container = make()
            await asyncio.to_thread(self._container.start)
        else:
            await asyncio.to_thread(self._container.get_wrapped_container().start)

    async def kill(self) -> None:
        """End all that runs in it with SIGKILL."""
        if self._container is not None and self.running:
            container = self._container.get_wrapped_container()
            await asyncio.to_thread(container.kill)
            await asyncio.to_thread(container.wait)

    async def stop(self, *_: object, **__: object) -> None:
        """Take the container away with all its data; what it said stays in the log."""
        if self._container is not None:
            self.tail()
            await asyncio.to_thread(self._container.stop)
            self._container = None

    def tail(self) -> str:
        if self._container is not None and self._container.status != "not_started":
            self.log.write_bytes(b"".join(self._container.get_logs()))
        return super().tail()


class _Server(PostgresContainer):
    """Leaves the waiting to us: its own deadline shrinks with the pause between two looks, which people shorten."""

    def _connect(self) -> None:
        """Wait for nothing."""


class ContainedPostgres(Postgres):
    """PostgreSQL in a container with the local one's settings; `shared` is a folder of this machine that it sees."""

    def __init__(self, folder: DataFolder, shared: Path | None = None) -> None:
        super().__init__(folder, port=0)
        self._child = self._contained = _Contained(folder, "postgres")
        self._shared = shared

    def url(self, user: str, password: str, database: str = postgres.DATABASE) -> str:
        return f"postgresql://{user}:{password}@{host()}:{self.port}/{database}"

    async def start(self) -> Self:
        await self._contained.begin(self._make)
        await self._become_ready()
        return self

    def _make(self) -> DockerContainer:
        self._port = self._choose_port()
        made = _Server(
            POSTGRES_IMAGE,
            username=postgres.ADMIN,
            password=self._password,
            dbname=postgres.DATABASE,
            driver=None,
        )
        made.with_bind_ports(made.port, self._port)  # one that Docker chose would be another after a restart
        made.with_env("POSTGRES_INITDB_ARGS", " ".join(postgres.NEW_CLUSTER))
        made.with_command([f"--{name}={value}" for name, value in postgres.SETTINGS.items()])
        if self._shared is not None:
            made.with_volume_mapping(self._shared, str(self._shared), "rw")
        return made


class ContainedKafka(Kafka):
    """Kafka in a container with the local one's settings; each of its listeners but the controller's is published."""

    def __init__(
        self,
        folder: DataFolder,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        *,
        controller_port: int = 0,
    ) -> None:
        super().__init__(folder, port=port, settings=settings, controller_port=controller_port)
        self._child = self._contained = _Contained(folder, "kafka")

    @property
    def bootstrap(self) -> str:
        return f"{host()}:{self.port}"

    async def start(self) -> Self:
        await self._contained.begin(self._make)
        await self._become_ready()
        return self

    def _properties(self) -> dict[str, str]:
        local = super()._properties()
        return local | {
            "log.dirs": _DATA,
            "listeners": re.sub(r"(?<!CONTROLLER)://127\.0\.0\.1:", "://0.0.0.0:", local["listeners"]),
            "advertised.listeners": local["advertised.listeners"].replace(f"127.0.0.1:{self.port}", self.bootstrap),
        }

    def _make(self) -> DockerContainer:
        self._ports = self._choose_ports()
        for port in self._ports:
            ports.exact_port(self.name, port)
        properties = self._properties()
        made = DockerContainer(KAFKA_IMAGE).with_command(["sh", "-c", _START])
        for port in re.findall(r"//0\.0\.0\.0:(\d+)", properties["listeners"]):
            made.with_bind_ports(port, port)
        made.with_copy_into_container(
            "".join(f"{name}={value}\n" for name, value in properties.items()).encode(), _PROPERTIES
        )
        return made.with_envs(
            CLUSTER_ID=new_cluster_id(),
            ADMINISTRATOR=f"{MECHANISM}=[name={ADMIN},password={self.password}]",
            KAFKA_HEAP_OPTS="-Xmx512m",
            KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        )

    async def _listens_or_ended(self) -> bool:
        return not self.running or await self._knows_the_administrator()
