"""Feedback on a database of its own, with the real logins and a clock that tests step."""

from collections.abc import AsyncGenerator

import pytest

from services.feedback.app import build
from shared.testing.running import Running, run_service
from shared.testing.stage import Engines, make_stage
from tests.integration.feedback.couple import Couple


@pytest.fixture(scope="package")
async def feedback(engines: Engines, passwords: dict[str, str]) -> AsyncGenerator[Running]:
    """The service, which all its tests share; ids are fresh in each."""
    stage = await make_stage(engines, passwords, ["feedback"])
    async with run_service(stage, build()) as running:
        yield running


@pytest.fixture
async def couple(feedback: Running) -> Couple:
    """A pair of two institutions, at work and not yet met."""
    couple = Couple(feedback)
    await feedback.deliver(await couple.activated())
    return couple
