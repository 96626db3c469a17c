"""The stage of the spine's tests: two services' platform tables, and the play's own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import pytest

from shared.platform.database import Database
from shared.testing.stage import Engines, Stage
from tests.spine.bench import Bench
from tests.spine.theatre import Theatre, set_stage


@pytest.fixture(scope="package")
async def play_stage(engines: Engines, passwords: dict[str, str]) -> Stage:
    """A database where `pairing` publishes and `meetings` consumes, on real time."""
    return await set_stage(engines, passwords, ("pairing", "meetings"))


@pytest.fixture(scope="package")
def play_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where plays keep their books, together, because one test asks which crash points any of them reached."""
    return tmp_path_factory.mktemp("plays")


@pytest.fixture
async def theatre(play_stage: Stage, play_folder: Path) -> Theatre:
    """One play with counters and a consumer of its own, and nothing left on the stage by the one before.

    A killed relay's lease would keep the next one waiting for 5 s, while rows gather that a test means to be sent one
    by one; and rows that a planted fault left behind would be sent in its place.
    """
    connection = await asyncpg.connect(play_stage.admin_url)
    try:
        for service in ("pairing", "meetings"):
            await connection.execute(f"TRUNCATE {service}.outbox, {service}.timers, {service}.relay_leases")
    finally:
        await connection.close()
    return Theatre(play_stage, play_folder)


@pytest.fixture
async def bench(play_stage: Stage) -> AsyncGenerator[Bench]:
    """A consumer of its own on the play's tables."""
    async with Database.open(play_stage.database("meetings_worker"), schema="meetings", strict=True) as database:
        yield Bench(database)
