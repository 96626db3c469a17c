"""Pairing on the shared stage."""

from collections.abc import AsyncGenerator

import pytest

from services.pairing.app import build
from shared.testing.running import Running, run_service
from shared.testing.stage import Stage


@pytest.fixture(scope="package")
async def pairing(stage: Stage) -> AsyncGenerator[Running]:
    """The service with its handlers, timers and HTTP."""
    async with run_service(stage, build()) as running:
        yield running
