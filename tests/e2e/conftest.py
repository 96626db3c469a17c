"""One platform for all end-to-end tests, started as a person starts it, with a clock that steps and a collector."""

from collections.abc import AsyncGenerator, Generator

import pytest

from shared.testing.stage import START
from tests.e2e.life import ST_BRIGIDS, Life, join, live
from tests.e2e.otlp import Collector, collecting
from tests.e2e.up import Platform, osler_up


@pytest.fixture(scope="package")
def collector() -> Generator[Collector]:
    """What keeps the platform's spans."""
    with collecting() as made:
        yield made


@pytest.fixture(scope="package")
async def platform(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncGenerator[Platform]:
    """`osler up`."""
    folder = tmp_path_factory.mktemp("platform") / "data"
    async with osler_up(folder, stepped_from=START, OSLER_OTLP_ENDPOINT=collector.endpoint) as running:
        yield running


@pytest.fixture(scope="package")
async def life(platform: Platform) -> Life:
    """A few real things that happened there through HTTP: from a roster to a meeting held."""
    return await live(platform)


@pytest.fixture(scope="package")
async def brigid(life: Life) -> Platform:
    """The same platform when St Brigid's has joined, so that the personas of its people can sign in."""
    await join(life.platform, life.chief, ST_BRIGIDS)
    return life.platform
