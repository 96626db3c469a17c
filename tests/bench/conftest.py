"""The stage of the benchmarks: engines at full speed, one publisher, one consumer, and a report at the end."""

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from deploy.local.parts import Parts, local_parts
from shared.platform.migrations import migrate
from shared.platform.migrations.runner import Migration, migrations
from shared.testing.stage import Engines, Stage, make_stage
from tests.bench.report import Report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let commands come last: what they say fills the topic that the consumers read from its first record."""
    items.sort(key=lambda item: item.path.name == "test_commands.py")


@pytest.fixture(scope="session")
async def parts(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Parts]:
    """Both engines as in production, with Java's second compiler."""
    async with local_parts(tmp_path_factory.mktemp("parts"), full_speed=True) as running:
        yield running


@pytest.fixture(scope="package")
async def bench_stage(engines: Engines, passwords: dict[str, str]) -> Stage:
    """A database where `meetings` and `pairing` publish and consume, on real time."""
    stage = await make_stage(engines, passwords, (), stepped=False)
    bench = Migration("bench/0001_bench.sql", (Path(__file__).parent / "bench.sql").read_text(encoding="utf-8"))
    for service in ("meetings", "pairing"):
        await migrate(stage.database(f"{service}_migrate"), service, [*migrations(service), bench])
    return stage


@pytest.fixture(scope="package")
def report() -> Generator[Report]:
    """The figures of this run; they are shown and kept at its end.

    ROUNDS says how many rounds, PART how much of the work: less than all of it is for trying a benchmark out.
    """
    made = Report(int(os.environ.get("ROUNDS", "5")), float(os.environ.get("PART", "1")))
    yield made
    if made.figures:
        made.write()
        made.show()
