"""One process of a play that can be killed, frozen and started again; forked from one that has imported everything."""

import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, process
from pathlib import Path
from typing import Final

from shared.platform import crash
from shared.testing.door import Door
from shared.testing.eventually import eventually
from tests.spine import play

DIED_AT_A_POINT: Final = 86
# Importing costs a second of a processor, and a run starts a dozen processes: they are forked from one that did it.
_FORKING: Final = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])


@dataclass
class Actor:
    """A place in a play, with doors of its own to Kafka and PostgreSQL, and the process that stands there now."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    kafka: Door
    postgres: Door
    exits: list[int] = field(default_factory=list[int])
    """What its earlier processes ended with; negative: the signal."""
    held: bool = False
    """It was killed, and stays dead until somebody starts it."""
    _process: process.BaseProcess | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its process runs, or is frozen."""
        return self._process is not None and self._process.is_alive()

    @property
    def hears(self) -> bool:
        """Whether it consumes."""
        return self.name.startswith("listener")

    def passes(self, point: str) -> bool:
        """Whether it has the door of this crash point."""
        return point.partition(".")[0] in self.arguments[self.arguments.index("--doors") + 1].split(",")

    def start(self, crash_at: str = "") -> None:
        """Start its process, which dies at a crash point where one is named."""
        environment = {**self.environment, **({"OSLER_CRASH_AT": crash_at} if crash_at else {})}
        child = _FORKING.Process(target=_act, args=(list(self.arguments), environment, str(self.log)), daemon=True)
        child.start()
        self._process, self.held = child, False

    def bury(self) -> int | None:
        """What its process ended with, once; None while it lives."""
        if self._process is None or self._process.is_alive():
            return None
        code = self._process.exitcode
        assert code is not None
        self._process.close()
        self._process = None
        self.exits.append(code)
        return code

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to its process, if it has one."""
        if self._process is not None and self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, what)

    async def kill(self) -> None:
        """End its process as a power failure would; it stays dead until it is started."""
        self.held = True
        self.signal(signal.SIGKILL)
        await self.end()

    async def end(self, within: float = 30.0) -> int:
        """Wait for its process's end, and give what it ended with."""

        async def gone() -> bool:
            return not self.is_alive

        await eventually(gone, within=within)
        return self.bury() or 0


def _act(arguments: list[str], environment: dict[str, str], log: str) -> None:
    """What the forked process does: become the play."""
    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.environ.update(environment)
    importlib.reload(crash)  # it looks at the environment once, when it is imported
    sys.argv = ["play", *arguments]
    play.main()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGKILL)
