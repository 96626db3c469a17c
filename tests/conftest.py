"""The real parts, started once for all tests: PostgreSQL and Kafka, where `tests/backend.py` says."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs] - it has none

from deploy.local.parts import Parts
from shared.testing.stage import Engines, Stage, apply_topics, make_stage, new_passwords
from tests import backend
from tests.every_refusal import EveryRefusal

LONG = {"chaos", "e2e", "spine"}
STOPS_THE_PLATFORM = "test_erasure.py"  # which the others of its folder share: it comes after them
SERVICES = sorted(folder.parent.name for folder in Path("services").glob("*/migrations"))


def pytest_configure(config: pytest.Config) -> None:
    """Say at once that the engines cannot be had, and once only: not in each of the processes that share the tests.

    SIGTERM ends in order as Ctrl-C does: parts are stopped, and no small disk stays mounted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.pluginmanager.register(EveryRefusal())
    if not hasattr(config, "workerinput"):
        backend.demand()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders that take minutes, so that no process is left alone with one of them at the end."""

    def turn(item: pytest.Item) -> tuple[bool, str, bool]:
        long = next(iter(LONG.intersection(item.path.parts)), "")
        return not long, long, long == "e2e" and item.path.name == STOPS_THE_PLATFORM

    items.sort(key=turn)


class ByFolder(LoadScopeScheduling):
    """Let one process have the whole of a folder, because its tests share the services that it starts.

    All of `tests/e2e` is one: a platform as a person starts it wants the ports that are its own by custom.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/e2e" if nodeid.startswith("tests/e2e/") else nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """Who shares the tests among the processes."""
    return ByFolder(config, log)


@pytest.fixture(scope="session")
async def parts(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Parts]:
    """Both engines, as durable as in production, because faults are tested on them."""
    folder: Path = tmp_path_factory.mktemp("parts")
    async with backend.both_parts(folder) as running:
        yield running


@pytest.fixture(scope="session")
def engines(parts: Parts) -> Engines:
    """Where the engines answer."""
    return Engines(parts.admin_url, parts.kafka_bootstrap, parts.kafka_username, parts.kafka_password)


@pytest.fixture(scope="session")
async def passwords(engines: Engines) -> dict[str, str]:
    """One password per login and principal, known to the engines."""
    made = new_passwords()
    await asyncio.to_thread(apply_topics, engines, made)
    return made


@pytest.fixture(scope="session")
async def stage(engines: Engines, passwords: dict[str, str]) -> Stage:
    """One database with every service's schema and a clock that tests step; ids are fresh in each test."""
    return await make_stage(engines, passwords, SERVICES)
