"""Two databases with every service's schema: one migrated step by step, one built from `schema.sql`."""

from collections.abc import AsyncGenerator
from typing import TypeAlias

import asyncpg
import pytest

from shared.contracts.topics import services
from shared.platform.migrations import build_whole
from shared.testing.stage import Engines, Stage, make_stage

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture(scope="package")
async def migrated(engines: Engines, passwords: dict[str, str]) -> Stage:
    """Every service's schema, as migrations make it."""
    return await make_stage(engines, passwords, services())


@pytest.fixture(scope="package")
async def built_whole(engines: Engines, passwords: dict[str, str]) -> Stage:
    """Every service's schema, as its `schema.sql` says it is today."""
    stage = await make_stage(engines, passwords, ())
    for service in services():
        await build_whole(stage.database(f"{service}_migrate"), service)
    return stage


@pytest.fixture
async def catalogue_of(migrated: Stage) -> AsyncGenerator[Connection]:
    """The administrator's look at the migrated database; what a test changes is gone after it."""
    connection: Connection = await asyncpg.connect(migrated.admin_url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()
