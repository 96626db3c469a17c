"""A world with engines and doors of its own for the attacks, because attacks leave nothing else in peace."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.chaos.site import a_site
from tests.chaos.world import Play, World, make_world


@pytest.fixture(scope="package")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    """Both engines, and a stage on which one play is given after the other."""
    async with a_site(tmp_path_factory.mktemp("site")) as site:
        yield await make_world(site)


@pytest.fixture
async def play(world: World, tmp_path: Path) -> Play:
    """A play with an empty stage."""
    await world.sweep()
    return Play(world, tmp_path)
