"""Java's ahead-of-time cache for Kafka, made once by a broker of its own; refuses to leave half a cache in place."""

import asyncio
import fcntl
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from deploy.local import java
from deploy.local.folder import DataFolder
from deploy.local.jars import kafka_jars
from deploy.local.kafka import Kafka
from deploy.local.problems import LocalProblem
from deploy.local.processes import Child

_SECONDS: Final = 120
_KEPT: Final = 3


@asynccontextmanager
async def beside(folder: DataFolder) -> AsyncGenerator[None]:
    """Make the cache while the block runs, where none exists; what is not ready at its end is given up."""
    task = asyncio.create_task(_train(folder))
    try:
        yield
    finally:
        task.cancel()
        # Without a cache Kafka starts slower, and that is all: a full disk, say, is no reason to fail here.
        with suppress(asyncio.CancelledError, LocalProblem, OSError):
            await task


async def _train(folder: DataFolder) -> None:
    jars = await kafka_jars()
    cache = java.cache_file(jars)
    if cache.exists():
        return
    with (cache.parent / "training.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another run is at it
        if not cache.exists():
            await _make_cache(folder, jars, cache)


async def _make_cache(folder: DataFolder, jars: tuple[Path, ...], cache: Path) -> None:
    """Record what a short-lived broker loads, and write the cache from the record."""
    place = "kafka-training"
    record = folder.path / f"{place}.record"
    kafka = Kafka(
        folder,
        port=0,
        place=place,
        broker_options=("-XX:AOTMode=record", f"-XX:AOTConfiguration={record}"),
        niceness=19,
    )
    writer = Child(folder, f"{place}-writer", niceness=19)
    draft = cache.with_suffix(".draft")
    try:
        await kafka.start()
        await kafka.stop(seconds=_SECONDS)  # the record is written at the end
        options = [*java.QUICK_START, "-XX:AOTMode=create", f"-XX:AOTConfiguration={record}", f"-XX:AOTCache={draft}"]
        command = java.command(folder.path / place / "writer.arguments", jars, options, ())
        writer.start(command, env=java.ENVIRONMENT, cwd=folder.path)
        if await writer.ended(_SECONDS) and writer.exit_code == 0:
            draft.rename(cache)
            _forget_old_caches(cache.parent)
    finally:
        await kafka.kill()
        await writer.kill()
        await writer.stop()
        draft.unlink(missing_ok=True)
        record.unlink(missing_ok=True)
        shutil.rmtree(folder.path / place, ignore_errors=True)


def _forget_old_caches(folder: Path) -> None:
    """Keep the newest few: every virtual environment has its own, of 65 MB."""
    caches = sorted(folder.glob("java-*.aot"), key=_written_at, reverse=True)
    for path in caches[_KEPT:]:
        path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    return path.stat().st_mtime
