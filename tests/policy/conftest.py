"""Every service on the shared stage with somebody's rows, and a database whose tables hold nothing but their walls."""

from collections.abc import AsyncGenerator

import pytest

from shared.testing.stage import Engines, Stage, make_stage
from tests.policy.bare import strip
from tests.policy.offered import SERVICES
from tests.policy.places import Place, open_places


@pytest.fixture(scope="package")
async def places(stage: Stage) -> AsyncGenerator[dict[str, Place]]:
    """The services that have operations, by name."""
    async with open_places(stage) as opened:
        yield opened


@pytest.fixture(scope="package")
async def bare(engines: Engines, passwords: dict[str, str]) -> Stage:
    """Every service's tables with their grants and policies, and without any rule of what a row must hold."""
    stage = await make_stage(engines, passwords, list(SERVICES))
    await strip(stage)
    return stage
