"""One folder holds everything a local run keeps; refuses a folder that is not Osler's, and two runs at once."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import psutil

from deploy.local.problems import LocalProblem

MARKER: Final = "osler-data.json"
_LAYOUT: Final = 1


class NotOurFolder(LocalProblem):
    """The folder holds something that Osler did not put there."""


class AlreadyRunning(LocalProblem):
    """Another process runs Osler in this data folder."""


class DataFolder:
    """The data folder: logs, process records, secrets, and one subfolder for each part."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, path: Path) -> "DataFolder":
        """Take a new or empty folder into use, or open one that is in use; raises NotOurFolder for any other."""
        folder = cls(path.absolute())
        try:
            folder._make()
        except OSError as failed:
            raise NotOurFolder(
                f"{path} cannot be used for data ({failed.strerror}). Nothing was changed: name another folder in "
                "OSLER_DATA."
            ) from failed
        return folder

    def _make(self) -> None:
        # Looked at first: whoever else takes the folder into use now writes the marker before anything else.
        in_it = list(self.path.iterdir()) if self.path.exists() else []
        drafts = [path for path in in_it if _is_draft(path, MARKER)]
        if len(in_it) > len(drafts) and not self.is_ours():
            raise NotOurFolder(
                f"{self.path} is not empty and holds no {MARKER}, so it is not an Osler data folder. "
                "Nothing was changed: name another folder in OSLER_DATA."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        # As root, PostgreSQL runs as another user, who must be able to pass through; what is secret is closed below.
        self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not self.is_ours():
            write_atomically(self.path / MARKER, json.dumps({"osler_data_layout": _LAYOUT}) + "\n")
        for draft in drafts:  # of a process that died over its first write here
            if not psutil.pid_exists(int(draft.suffix[1:])):
                draft.unlink(missing_ok=True)
        for name in ("logs", "processes", "secrets"):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)

    def is_ours(self) -> bool:
        """Whether the folder carries Osler's marker in a layout that this version knows."""
        return (read_json(self.path / MARKER) or {}).get("osler_data_layout") == _LAYOUT

    @property
    def logs(self) -> Path:
        """Where each part writes `<name>.log`."""
        return self.path / "logs"

    @property
    def processes(self) -> Path:
        """Where each child is recorded, so that a later run recognises what an earlier one left."""
        return self.path / "processes"

    def subfolder(self, name: str) -> Path:
        """A private folder for one part."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def secret(self, name: str, make: Callable[[], str] = secrets.token_urlsafe) -> str:
        """A secret of this data folder, made once and kept readable for its owner alone."""
        path = self.path / "secrets" / name
        if not path.exists():
            write_atomically(path, make())
        return path.read_text()

    def holder(self) -> int | None:
        """The pid that runs Osler here, or None; changes nothing, so that it can be asked of a read-only folder."""
        lock = self.path / "lock"
        try:
            with lock.open() as looked_at:
                fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read_text() or 0)
        except FileNotFoundError:
            return None
        return None

    @contextmanager
    def hold(self) -> Generator[None]:
        """Keep every other run out of this folder; the kernel lets go when the process dies, however it dies."""
        with (self.path / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                lock.seek(0)
                raise AlreadyRunning(
                    f"Osler already runs in {self.path} (process {lock.read() or 'unknown'}). "
                    "Stop it with Ctrl-C there, or name another folder in OSLER_DATA."
                ) from taken
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def refuse_if_foreign(self) -> None:
        """Raise NotOurFolder for a folder that Osler did not make."""
        if not self.is_ours():
            raise NotOurFolder(f"{self.path} holds no {MARKER}: it is no Osler data folder. Nothing was deleted.")

    def delete(self) -> None:
        """Delete the folder and all it holds; raises NotOurFolder, AlreadyRunning."""
        self.refuse_if_foreign()
        with self.hold():
            # What says whose it is goes last: over half a folder without it nobody could decide.
            for path in self.path.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != MARKER:
                    path.unlink()
            shutil.rmtree(self.path)


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable for its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _is_draft(path: Path, name: str) -> bool:
    """Whether this is what `write_atomically` writes before the file of this name is there."""
    prefix, _, process = path.name.rpartition(".")
    return prefix == f".{name}" and process.isascii() and process.isdecimal()


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where the file is missing or was never finished."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None
