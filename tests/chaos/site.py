"""Engines of a run's own: each process reaches them through its own doors, and the database lies on a small disk."""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import asyncpg

from deploy.local import ports
from deploy.local.folder import DataFolder
from deploy.local.kafka import PROTOCOL, Kafka
from deploy.local.parts import Parts, side_by_side
from deploy.local.postgres import Postgres
from deploy.local.processes import Identity
from shared.testing.door import Door, a_door
from shared.testing.stage import Engines
from tests import backend

POSTS: Final = ("publisher-0", "publisher-1", "listener-0", "listener-1")
"""The places of a play; Kafka has a listener for each, which tells clients to come back through that place's door."""
_SMALL_DISK_MB: Final = 256


class NoSmallDisk(Exception):
    """A disk can be made small only by root with the right to mount: elsewhere nothing here runs out of space."""


class SmallDisk:
    """A file system of its own for PostgreSQL's rows, small enough to be filled at once."""

    def __init__(self) -> None:
        # Not in the folder of the other data: PostgreSQL asks for this path in a way that no capability opens.
        self.path = Path(mkdtemp(prefix="osler-small-disk-"))
        self._ballast = self.path / "ballast"

    async def mount(self, identity: Identity | None) -> None:
        """Make it for this user. Raises NoSmallDisk where that is not permitted."""
        owner = f",uid={identity.uid},gid={identity.gid}" if identity else ""
        options = f"size={_SMALL_DISK_MB}m,mode=0700{owner}"
        if os.geteuid() != 0 or await _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)):
            self.path.rmdir()
            raise NoSmallDisk

    async def unmount(self) -> None:
        """Forget it and what is on it, though somebody may have it open."""
        await _run("umount", "--lazy", str(self.path))
        self.path.rmdir()

    def fill(self) -> None:
        """Leave no space on it."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (1 << 20, 4096, 1):
                _write_until_full(ballast.fileno(), bytes(size))

    def free(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)

    async def take(self, admin_url: str) -> None:
        """Move the database of this address here; nobody may be connected to it."""
        name = admin_url.rpartition("/")[2]
        connection = await asyncpg.connect(admin_url.removesuffix(name) + "postgres")
        try:
            if not await connection.fetchval("SELECT true FROM pg_tablespace WHERE spcname = 'small'"):
                place = await connection.fetchval("SELECT quote_literal($1)", str(self.path))
                await connection.execute(f"CREATE TABLESPACE small LOCATION {place}")
            quoted = await connection.fetchval("SELECT quote_ident($1)", name)
            await connection.execute(f"ALTER DATABASE {quoted} SET TABLESPACE small")
        finally:
            await connection.close()


@dataclass(frozen=True)
class Site:
    """Both engines, running, and the doors to them by place; `small_disk` is None where none can be made."""

    parts: Parts
    kafka_doors: Mapping[str, Door]
    postgres_doors: Mapping[str, Door]
    small_disk: SmallDisk | None

    @property
    def engines(self) -> Engines:
        """Where the engines answer without a door."""
        parts = self.parts
        return Engines(parts.admin_url, parts.kafka_bootstrap, parts.kafka_username, parts.kafka_password)

    def open_doors(self) -> None:
        """Let everybody through again."""
        for door in [*self.kafka_doors.values(), *self.postgres_doors.values()]:
            door.open()


@asynccontextmanager
async def a_site(path: Path) -> AsyncGenerator[Site]:
    """Start both engines, as durable as in production, in this folder, with a door for each place."""
    folder = DataFolder.make(path)
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.hold())
        small_disk: SmallDisk | None = SmallDisk()
        try:
            await small_disk.mount(backend.postgres_user(folder))
            stack.push_async_callback(small_disk.unmount)
        except NoSmallDisk:
            small_disk = None
        inner = {post: ports.spare_port() for post in POSTS}
        kafka_doors = {
            post: await stack.enter_async_context(a_door(f"//{backend.host()}:{port}")) for post, port in inner.items()
        }
        clients, controller = ports.spare_port(), ports.spare_port()
        settings = _listeners(clients, controller, [(inner[post], kafka_doors[post].own_port) for post in POSTS])
        postgres = backend.a_postgres(folder, small_disk.path if small_disk else None)
        kafka = backend.a_kafka(folder, clients, controller, settings)
        for port in inner.values():
            ports.give_back(port)
        stack.push_async_callback(_stop, postgres, kafka)
        await side_by_side(postgres.start(), kafka.start())
        postgres_doors = {post: await stack.enter_async_context(a_door(postgres.admin_url)) for post in POSTS}
        async with backend.quicker_next_time(folder):
            yield Site(Parts(folder, postgres, kafka), kafka_doors, postgres_doors, small_disk)


def _listeners(clients: int, controller: int, doors: Sequence[tuple[int, int]]) -> dict[str, str]:
    """Kafka's settings for a listener behind each door; `doors` are the broker's port and the door's."""
    names = [f"DOOR{number}" for number in range(len(doors))]
    own = [f"{PROTOCOL}://127.0.0.1:{clients}", f"CONTROLLER://127.0.0.1:{controller}"]
    listened = [f"{name}://127.0.0.1:{port}" for name, (port, _) in zip(names, doors, strict=True)]
    advertised = [f"{name}://127.0.0.1:{door}" for name, (_, door) in zip(names, doors, strict=True)]
    protocols = [f"{name}:{PROTOCOL}" for name in ["CONTROLLER", PROTOCOL, *names]]
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return {
        "listeners": ",".join([*own, *listened]),
        "advertised.listeners": ",".join([own[0], *advertised]),
        "listener.security.protocol.map": ",".join(protocols),
        **{f"listener.name.{name.lower()}.scram-sha-512.sasl.jaas.config": scram for name in names},
    }


async def _stop(postgres: Postgres, kafka: Kafka) -> None:
    await side_by_side(postgres.stop(), kafka.stop())


async def _run(*command: str) -> int:
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await child.wait()


def _write_until_full(file: int, data: bytes) -> None:
    try:
        while True:
            os.write(file, data)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
