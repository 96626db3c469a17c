"""Child processes with a log, a record and a deadline; refuses to leave one behind, however the parent ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import launch
from deploy.local.folder import DataFolder, read_json, write_atomically
from deploy.local.problems import LocalProblem
from deploy.local.waiting import until

_LOG_LIMIT_BYTES: Final = 10 * 1024 * 1024
_TAIL_LINES: Final = 15


class DidNotStart(LocalProblem):
    """A part ended, or did not answer in time, while it was starting."""


@dataclass(frozen=True)
class Identity:
    """The operating system's user that a child becomes; `may_pass` lets it through folders closed to that user."""

    uid: int
    gid: int
    may_pass: bool


class Child:
    """One named child process of this one, at most one at a time."""

    def __init__(
        self,
        folder: DataFolder,
        name: str,
        death_signal: signal.Signals = signal.SIGKILL,
        niceness: int = 0,
    ) -> None:
        self.name = name
        self.log = folder.logs / f"{name}.log"
        self._record = folder.processes / f"{name}.json"
        self._death_signal = death_signal
        self._niceness = niceness
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The pid; raises DidNotStart before the first start."""
        if self._process is None:
            raise DidNotStart(f"{self.name} was never started.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """What the child ended with (negative: the signal); None while it lives."""
        return self._process.poll() if self._process else None

    def start(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        cwd: Path,
        identity: Identity | None = None,
    ) -> None:
        """Start the command, which dies with this process; its output goes to the log."""
        # The kernel sends the signal when the thread that forked ends, not the process: any other thread may end first.
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("Children are started from the main thread: they die with the thread that starts them.")
        if self.running:
            raise RuntimeError(f"{self.name} runs already (process {self.pid}).")
        user = identity or Identity(-1, -1, may_pass=False)
        options = (os.getpid(), int(self._death_signal), user.uid, user.gid, int(user.may_pass), self._niceness)
        wrapper = [sys.executable, "-I", "-S", str(Path(launch.__file__)), *map(str, options)]
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            # A session of its own: Ctrl-C reaches this process alone, which then stops its children in order.
            self._process = subprocess.Popen(
                [*wrapper, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        try:
            write_atomically(self._record, record_of(self._process.pid))
        except OSError:
            self._process.kill()  # without its record no later run would know it as ours
            self._process.wait()
            raise

    async def ended(self, seconds: float) -> bool:
        """Wait for the child's end; False when it still lives after `seconds`."""

        async def gone() -> bool:
            return not self.running

        return await until(gone, seconds)

    async def stop(self, seconds: float = 10, asking: signal.Signals = signal.SIGTERM) -> None:
        """Ask the child to end, and end it when it has not within `seconds`."""
        if self._process is None:
            return
        self._process.send_signal(asking)
        if not await self.ended(seconds):
            self._process.kill()
            await self.ended(seconds)
        self._forget()

    async def kill(self) -> None:
        """End the child as a power failure would: SIGKILL, nothing said before."""
        if self._process is not None:
            self._process.kill()
            await self.ended(10)

    def tail(self) -> str:
        """The last lines of the log, for a message about a start that failed."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-_TAIL_LINES:])

    def failed(self, what: str) -> DidNotStart:
        """The error for a start that came to nothing, with what the log says."""
        return DidNotStart(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}")

    async def end_leftover(self, seconds: float = 5) -> int | None:
        """End what an earlier run left under this name, by its pid; returns that pid, or None for nothing left."""
        record = self._record.read_text() if self._record.exists() else ""
        pid = int((read_json(self._record) or {}).get("pid", 0))
        if not pid or not record or not lives(pid, record):
            self._forget()
            return None
        await end_process(pid, record, self._death_signal, seconds)
        self._forget()
        return pid

    def _forget(self) -> None:
        """Remove the record where the folder takes a change; what has ended is not taken for what lives anyway."""
        with suppress(OSError):
            self._record.unlink(missing_ok=True)


def record_of(pid: int) -> str:
    """What tells a process from every later one with its pid: the boot of the machine, and the tick of its start."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f'{{"pid": {pid}, "started": {_stat(pid)[1]}, "boot": "{boot}"}}\n'


def lives(pid: int, record: str) -> bool:
    """Whether the process of this record is still there and not a zombie that nobody has collected."""
    try:
        return _stat(pid)[0] not in "ZX" and record_of(pid) == record
    except (FileNotFoundError, ProcessLookupError):
        return False


async def end_process(pid: int, record: str, asking: signal.Signals, seconds: float) -> None:
    """Send `asking`, and SIGKILL after `seconds`, to the process of this record and to no other."""

    async def gone() -> bool:
        return not lives(pid, record)

    for what in (asking, signal.SIGKILL):
        if not await gone():
            os.kill(pid, what)
            await until(gone, seconds)


def _stat(pid: int) -> tuple[str, int]:
    """State and start time in ticks; the program's name before them may hold anything, also brackets and blanks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[19])
