"""Java's ahead-of-time cache for Kafka, made once by a broker of its own; refuses to leave half a cache in place."""

import asyncio
import fcntl
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,  # pyright: ignore[reportPrivateImportUsage] - where its documentation imports it from
)

from deploy.local import java
from deploy.local.folder import DataFolder
from deploy.local.jars import kafka_jars
from deploy.local.kafka import SILENT, Kafka
from deploy.local.processes import Child, DidNotStart

_SECONDS: Final = 120
_KEPT: Final = 3


@asynccontextmanager
async def beside(folder: DataFolder) -> AsyncGenerator[None]:
    """Make the cache while the block runs, where none exists; what is not ready at its end is given up."""
    if java.cache_file().exists():
        yield
        return
    task = asyncio.create_task(_train(folder))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DidNotStart):
            await task


async def _train(folder: DataFolder) -> None:
    jars = await kafka_jars()
    with (java.cache_file().parent / "training.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another run is at it
        if not java.cache_file().exists():
            await _make_cache(folder, jars)


async def _make_cache(folder: DataFolder, jars: tuple[Path, ...]) -> None:
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
    draft = java.cache_file().with_suffix(".draft")
    try:
        await kafka.start()
        await asyncio.to_thread(_use, kafka)
        await kafka.stop(seconds=_SECONDS)  # the record is written at the end
        options = [*java.QUICK_START, "-XX:AOTMode=create", f"-XX:AOTConfiguration={record}", f"-XX:AOTCache={draft}"]
        command = java.command(folder.path / place / "writer.arguments", jars, options, ())
        writer.start(command, env=java.ENVIRONMENT, cwd=folder.path)
        if await writer.ended(_SECONDS) and writer.exit_code == 0:
            draft.rename(java.cache_file())
            _forget_old_caches()
    finally:
        await kafka.kill()
        await writer.kill()
        await writer.stop()
        draft.unlink(missing_ok=True)
        record.unlink(missing_ok=True)
        shutil.rmtree(folder.path / place, ignore_errors=True)


def _use(kafka: Kafka) -> None:
    """Do what clients do, so that the cache knows these classes too."""
    admin = AdminClient(kafka.client_settings(), logger=SILENT)
    for made in admin.create_topics([NewTopic("training", num_partitions=1, replication_factor=1)]).values():
        made.result(timeout=30)
    producer = Producer({**kafka.client_settings(), "enable.idempotence": True}, logger=SILENT)
    producer.produce("training", b"payload")
    producer.flush(30)
    group = {"group.id": "training", "auto.offset.reset": "earliest"}
    consumer = Consumer({**kafka.client_settings(), **group}, logger=SILENT)
    consumer.subscribe(["training"])
    consumer.poll(30)
    consumer.commit(asynchronous=False)
    consumer.close()


def _forget_old_caches() -> None:
    """Keep the newest few: every virtual environment has its own, of 65 MB."""
    caches = sorted(java.cache_file().parent.glob("java-*.aot"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in caches[_KEPT:]:
        path.unlink(missing_ok=True)
