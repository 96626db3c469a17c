"""PostgreSQL and Kafka alone, side by side, for whoever needs only these two; refuses to share a folder in use."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import training
from deploy.local.folder import DataFolder
from deploy.local.kafka import MECHANISM, PROTOCOL, Kafka
from deploy.local.postgres import Postgres


@dataclass(frozen=True)
class Parts:
    """The two engines, running. Both can be stopped, killed and started again on the same port and data."""

    folder: DataFolder
    postgres: Postgres
    kafka: Kafka

    @property
    def admin_url(self) -> str:
        """The database `osler` as superuser."""
        return self.postgres.admin_url

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address for clients."""
        return self.kafka.bootstrap

    @property
    def kafka_username(self) -> str:
        """Kafka's administrator."""
        return self.kafka.username

    @property
    def kafka_password(self) -> str:
        """The administrator's password."""
        return self.kafka.password

    @property
    def kafka_mechanism(self) -> str:
        """How Kafka checks passwords."""
        return MECHANISM

    @property
    def kafka_protocol(self) -> str:
        """How clients speak to Kafka."""
        return PROTOCOL


async def side_by_side(*work: Coroutine[Any, Any, object]) -> None:
    """Do all at once; when one fails, the others are cancelled and have come to rest before its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in work:
                group.create_task(coroutine)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


@asynccontextmanager
async def local_parts(path: Path, *, durable: bool = True, full_speed: bool = False) -> AsyncGenerator[Parts]:
    """Start both on free ports and stop them at the end; the data stays in the folder.

    `durable=False` starts faster and forgets what a crash of the machine would: never where a fault is tested. Raises
    DidNotStart, NotOurFolder, AlreadyRunning.
    """
    folder = DataFolder.make(path)
    with folder.hold():
        postgres = Postgres(folder, port=0, durable=durable)
        kafka = Kafka(folder, port=0, full_speed=full_speed)
        try:
            await side_by_side(postgres.start(), kafka.start())
            async with training.beside(folder):
                yield Parts(folder, postgres, kafka)
        finally:
            await side_by_side(postgres.stop(), kafka.stop())
