"""The process dies at every named point, and the four ledgers agree after the restart."""

import asyncio
from pathlib import Path

import pytest

from shared.platform import crash
from tests.ledgers import violations
from tests.spine.theatre import Theatre

COMMANDS = 80
DIED = 86


@pytest.mark.parametrize("point", crash.POINTS)
async def test_after_a_death_at_any_named_point_the_ledgers_agree(theatre: Theatre, point: str) -> None:
    in_consumer = point.startswith("consumer.")
    async with (
        theatre.publisher(COMMANDS, crash="" if in_consumer else f"{point}:2") as publisher,
        theatre.listener(crash=f"{point}:2" if in_consumer else "") as listener,
    ):
        dying = listener if in_consumer else publisher
        assert await asyncio.wait_for(dying.wait(), 60) == DIED, f"{point} was not reached"
        if in_consumer:  # it may have died of what other plays left on the topic
            await theatre.has_acknowledged(COMMANDS)
    async with theatre.publisher(), theatre.listener():
        await theatre.converge()

    ledgers = await theatre.ledgers()

    assert violations(ledgers) == []
    assert ledgers.committed


def test_every_crash_point_in_the_code_was_reached_by_some_run(play_folder: Path) -> None:
    reached = set((play_folder / "reached").read_text(encoding="utf-8").split())

    assert reached == set(crash.POINTS)
