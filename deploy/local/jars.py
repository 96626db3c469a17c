"""Kafka's own jars, fetched once and compared with the committed SHA-256 list; refuses a jar that differs by a bit."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from deploy.local.problems import LocalProblem
from deploy.local.saying import Say, silent

VERSION: Final = "4.3.1"
# What the list was made from: the broker with all it needs, a logger that writes to the output, and Kafka's own tools.
COORDINATES: Final = (f"org.apache.kafka:kafka_2.13:{VERSION}", "org.slf4j:slf4j-simple:1.7.36")
TOOLS: Final = ("org.apache.kafka", "kafka-tools", VERSION)
LIST: Final = Path(__file__).with_name("jars.sha256")
_DOWNLOADS_AT_ONCE: Final = 8


class JarsUnavailable(LocalProblem):
    """A jar could not be fetched."""


class JarDiffers(LocalProblem):
    """A jar is not the one that the list names."""


@dataclass(frozen=True)
class Jar:
    """One jar: its path in a Maven repository, and what it must hash to."""

    path: Path
    sha256: str

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Group, artifact and version, which the path spells out."""
        *group, artifact, version = self.path.parent.parts
        return ".".join(group), artifact, version


def listed() -> tuple[Jar, ...]:
    """The committed list, in the form that `sha256sum --check` reads."""
    lines = (line.split() for line in LIST.read_text().splitlines())
    return tuple(Jar(Path(path), digest) for digest, path in lines)


def cache_folder() -> Path:
    """Where the jars of this list stay between runs: the user's cache, shared by every data folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(LIST.read_bytes()).hexdigest()
    return cache / "osler" / f"kafka-{VERSION}-{digest[:12]}"


async def kafka_jars(say: Say = silent) -> tuple[Path, ...]:
    """The verified jars, fetched where they are missing; raises JarsUnavailable, JarDiffers."""
    return await asyncio.to_thread(_verified_jars, cache_folder(), say)


def are_cached() -> bool:
    """Whether every jar is here and right, so that a start needs no network."""
    return all(_is_right(cache_folder() / jar.path, jar) for jar in listed())


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Let one process at a time write into the cache."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _verified_jars(folder: Path, say: Say) -> tuple[Path, ...]:
    jars = listed()
    if missing := _not_right(folder, jars):
        with locked(folder):
            if missing := _not_right(folder, jars):  # another process may have fetched them while this one waited
                say(f"fetching {len(missing)} jars of Kafka {VERSION} (44 MB, once)")
                with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as threads:
                    list(threads.map(partial(_fetch, folder), missing))
    return tuple(folder / jar.path for jar in jars)


def _not_right(folder: Path, jars: tuple[Jar, ...]) -> list[Jar]:
    return [jar for jar in jars if not _is_right(folder / jar.path, jar)]


def _is_right(path: Path, jar: Jar) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def _fetch(folder: Path, jar: Jar) -> None:
    from jgo.config import GlobalSettings  # noqa: PLC0415 - half a second that a start with a full cache need not wait
    from jgo.maven import MavenContext  # noqa: PLC0415 - as above

    target = folder / jar.path
    target.unlink(missing_ok=True)  # a download that was cut off would be taken for the whole
    group, artifact, version = jar.coordinates
    # The person's own repositories, where jgo's settings file names some; else Maven Central.
    context = MavenContext(repo_cache=folder, remote_repos=GlobalSettings.load().repositories or None, timeout=30)
    try:
        context.project(group, artifact).at_version(version).artifact().resolve()
    except Exception as failure:
        target.unlink(missing_ok=True)
        raise JarsUnavailable(
            f"{jar.path.name} could not be fetched ({failure}). Kafka's jars come from Maven Central, or from the "
            "repositories that ~/.config/jgo.conf names: check the network, then start again."
        ) from failure
    if not _is_right(target, jar):
        target.unlink()
        raise JarDiffers(
            f"{jar.path.name} is not the jar that {LIST.name} names: its SHA-256 differs. It was deleted, and "
            "nothing of it ran. Either the repository serves something else, or the list is out of date."
        )
