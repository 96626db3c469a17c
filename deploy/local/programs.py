"""Python programs with a web address as child processes; refuses to call one ready before it answers."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Final, Self

from deploy.local import ports
from deploy.local.folder import DataFolder
from deploy.local.processes import Child
from deploy.local.waiting import until

_ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 60
_ANSWER_SECONDS: Final = 5
_READY: Final = "/readyz"
_OURS: Final = "OSLER_"


class Program:
    """One module run as a process; ready when /readyz of its web address answers 200."""

    def __init__(
        self,
        folder: DataFolder,
        name: str,
        command: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        port: int,
        *,
        other_ports: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self._other_ports = other_ports
        self._environment = environment  # asked at the start: where the engines listen is known only then
        self._child = Child(folder, name)

    @property
    def pid(self) -> int:
        """The pid of the process."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._child.running

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it lives."""
        return self._child.exit_code

    @property
    def log(self) -> Path:
        """Where it writes."""
        return self._child.log

    async def start(self) -> Self:
        """Start it and wait until it is ready; raises DidNotStart."""
        await self._child.end_leftover()
        for port in (self.port, *self._other_ports):
            ports.exact_port(self.name, port)
        environment = {**_inherited(), "PYTHONUNBUFFERED": "1", **self._environment()}
        self._child.start([sys.executable, "-m", *self._command], env=environment, cwd=_ROOT)
        end = monotonic() + _START_SECONDS
        if not await until(self._ready_or_ended, _START_SECONDS) or not self.running:
            late = monotonic() >= end
            raise self._child.failed(f"was not ready after {_START_SECONDS} s" if late else "ended while it started")
        return self

    async def stop(self, seconds: float = 20) -> None:
        """Ask it to end, and end it when it does not."""
        await self._child.stop(seconds)
        for port in (self.port, *self._other_ports):
            ports.give_back(port)  # chosen for a start that never came

    async def kill(self) -> None:
        """End it as a crash would: SIGKILL."""
        await self._child.kill()

    async def _ready_or_ended(self) -> bool:
        if not self.running:
            return True
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await _status_of(self.port, _READY) == HTTPStatus.OK
        except (OSError, TimeoutError):
            return False


async def _status_of(port: int, path: str) -> int:
    """The status that a path answers with; a client library would load certificates for each program, for nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        status = (await reader.readline()).split()
        return int(status[1]) if len(status) > 1 else 0
    finally:
        writer.close()


def _inherited() -> dict[str, str]:
    """This process's environment without Osler's own variables: those are decided here, for each program by itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
