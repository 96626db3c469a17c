"""What a caller is told when the database has no connection to give."""

import asyncio

import pytest

from shared.platform import database as module
from shared.platform.database import Database, Transaction
from shared.platform.errors import Unavailable
from shared.testing.stage import Stage


async def test_whoever_gets_no_connection_is_told_so_after_one_wait(
    play_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ACQUIRE_SECONDS", 0.5)
    loop = asyncio.get_running_loop()

    async def nothing(_: Transaction) -> None:
        """Work that never gets its turn."""

    async with (
        Database.open(play_stage.database("pairing_app"), schema="pairing", size=1) as database,
        database.transaction(),
    ):
        begun = loop.time()
        with pytest.raises(Unavailable):
            await database.run(nothing)
        waited = loop.time() - begun

    assert 0.5 <= waited < 1.0
