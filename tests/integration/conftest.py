"""Each file of tests begins on the same Monday, however far the files before it have stepped the shared clock."""

import pytest

from shared.testing.stage import START, Stage


@pytest.fixture(scope="module", autouse=True)
async def monday(stage: Stage) -> None:
    """Put the clock back: a date in a test is then as far away as it looks."""
    await stage.step_to(START)
