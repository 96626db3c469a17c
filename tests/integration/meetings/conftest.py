"""The doors of meetings on the stage that all tests share; the clock there is only ever stepped forward."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from services.meetings.app import build
from shared.testing.running import Running, run_service
from shared.testing.stage import Stage
from tests.integration.meetings.ward import Ward


@pytest.fixture(scope="package")
async def meetings(stage: Stage) -> AsyncGenerator[Running]:
    """The service, with its relay standing still."""
    async with run_service(stage, build()) as running:
        yield running


@pytest.fixture
async def ward(meetings: Running) -> AsyncGenerator[Ward]:
    """The service's doors, with nobody of this test in it yet."""
    transport = meetings.entrance()
    async with httpx.AsyncClient(transport=transport, base_url="http://meetings") as client:
        yield Ward(meetings, client)
