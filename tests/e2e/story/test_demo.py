"""The whole demo without a terminal: its exit code is what its own checks found."""

from pathlib import Path

import asyncpg
import pytest

from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.story.databases import KINDS
from tests.e2e.story.conftest import SECONDS, Demo, run_demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * SECONDS)]


async def lose_a_touchpoint(folder: Path) -> None:
    """Plant a disagreement: a row that a service said yes to is gone from its database."""
    data = DataFolder(folder)
    with data.hold():
        async with Postgres(data, port=0) as postgres:
            connection = await asyncpg.connect(postgres.admin_url)
            try:
                await connection.execute(
                    "DELETE FROM meetings.touchpoints WHERE ctid = (SELECT min(ctid) FROM meetings.touchpoints)"
                )
            finally:
                await connection.close()


def test_the_demo_checks_itself(told: Demo) -> None:
    assert told.exit_code == 0, told.said
    assert "week 12 of 12" in told.said
    for check in (*KINDS, "mailbox", "places", "ledger", "parked", "reminders", "same_files", "stops"):
        assert f"✓ {check}:" in told.said
    assert "Rosa Almeida" in told.said
    assert "http://" not in told.said, "nothing answers there any more"


async def test_the_demo_finds_a_planted_disagreement(told: Demo, tmp_path: Path) -> None:
    folder = told.copy(tmp_path / "data")
    await lose_a_touchpoint(folder)
    again = run_demo(folder)
    assert again.exit_code == 1, again.said
    assert "told in this data folder before" in again.said
    assert "These checks do not hold: touchpoints, acknowledged." in again.said
