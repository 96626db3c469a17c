"""Which engines tests run on: child processes, or containers with BACKEND=containers; refuses any other word.

Some stay on child processes, because these are what they test or measure: `tests/unit/local` and
`tests/integration/local`, whatever begins with `osler up` or `osler demo` (`tests/e2e` but its console), `tests/bench`,
and the cluster of three brokers in `make chaos`.
"""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Final

import pytest

from deploy.local import postgres as local
from deploy.local import training
from deploy.local.folder import DataFolder
from deploy.local.kafka import Kafka
from deploy.local.parts import Parts, local_parts, side_by_side
from deploy.local.postgres import Postgres
from deploy.local.processes import Identity
from tests import containers

BACKEND: Final = os.environ.get("BACKEND") or "processes"
IN_CONTAINERS: Final = BACKEND == "containers"


def demand() -> None:
    """Make sure that the engines can be had; raises UsageError."""
    if BACKEND not in {"processes", "containers"}:
        raise pytest.UsageError(f"BACKEND is processes (so it is without it) or containers, not {BACKEND!r}.")
    if IN_CONTAINERS:
        containers.demand()


def host() -> str:
    """Where the engines' ports are reached."""
    return containers.host() if IN_CONTAINERS else "127.0.0.1"


def a_postgres(folder: DataFolder, shared: Path | None = None) -> Postgres:
    """PostgreSQL, as durable as in production; `shared` is a folder beside its own that it may use."""
    return containers.ContainedPostgres(folder, shared) if IN_CONTAINERS else Postgres(folder, port=0)


def postgres_user(folder: DataFolder) -> Identity | None:
    """Whom it runs as; None for this user."""
    return containers.POSTGRES_USER if IN_CONTAINERS else local.identity_for(folder)


def a_kafka(
    folder: DataFolder, port: int = 0, controller_port: int = 0, settings: Mapping[str, str] | None = None
) -> Kafka:
    """One broker."""
    kind = containers.ContainedKafka if IN_CONTAINERS else Kafka
    return kind(folder, port=port, controller_port=controller_port, settings=settings)


def quicker_next_time(folder: DataFolder) -> AbstractAsyncContextManager[None]:
    """Let child processes prepare quicker starts while the block runs; containers have nothing to prepare."""
    return nullcontext() if IN_CONTAINERS else training.beside(folder)


@asynccontextmanager
async def both_parts(path: Path, *, durable: bool = True) -> AsyncGenerator[Parts]:
    """Both engines in this folder; in containers they are always durable."""
    if not IN_CONTAINERS:
        async with local_parts(path, durable=durable) as running:
            yield running
        return
    folder = DataFolder.make(path)
    postgres, kafka = a_postgres(folder), a_kafka(folder)
    try:
        await side_by_side(postgres.start(), kafka.start())
        yield Parts(folder, postgres, kafka)
    finally:
        await side_by_side(postgres.stop(), kafka.stop())
