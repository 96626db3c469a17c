"""The whole demo without a terminal: it ends by itself, and its exit code is what its own checks found."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.story.databases import KINDS

_SECONDS = 540


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("osler"), "demo"],
        env={**os.environ, "OSLER_DATA": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


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


@pytest.mark.slow
@pytest.mark.timeout(2 * _SECONDS)
async def test_the_demo_checks_itself_and_finds_a_planted_disagreement(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    told = demo(folder)
    assert told.returncode == 0, told.stdout
    assert "week 12 of 12" in told.stdout
    for check in (*KINDS, "mailbox", "places", "ledger", "parked", "reminders", "same_files", "stops"):
        assert f"✓ {check}:" in told.stdout
    assert "Rosa Almeida" in told.stdout
    assert "http://" not in told.stdout, "nothing answers there any more"

    await lose_a_touchpoint(folder)
    again = demo(folder)
    assert again.returncode == 1, again.stdout
    assert "told in this data folder before" in again.stdout
    assert "These checks do not hold: touchpoints, acknowledged." in again.stdout
