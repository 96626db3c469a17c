"""Attacks, one at a time, on two publishers and two listeners: each is felt, and the ledgers agree after it."""

import signal
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from shared.platform.loops import rest
from shared.testing.eventually import eventually
from tests.chaos import faults
from tests.chaos.faults import Fault, dice_of
from tests.chaos.world import Play
from tests.ledgers import Ledgers

SECONDS = 2.5


@asynccontextmanager
async def under_way(play: Play) -> AsyncGenerator[None]:
    """The play, from its first answers to its end, at which everything must have converged."""
    async with play.begin():
        await play.theatre.has_acknowledged(10)
        yield
        await play.heal()
        await play.converge()


async def suffer(play: Play, *attacks: AbstractAsyncContextManager[None]) -> Ledgers:
    """Let the play go through these one after the other; every promise must be kept, whoever saw what of it."""
    async with under_way(play):
        for attack in attacks:
            async with attack:
                await rest(SECONDS)
            await rest(0.5)
    assert await play.judge() == []
    return await play.theatre.ledgers()


@pytest.mark.parametrize(
    "fault",
    [
        faults.somebody_is_killed,
        faults.connections_are_ended,
        faults.old_records_come_again,
        faults.listeners_come_and_go,
        faults.somebody_holds_the_counters,
    ],
    ids=lambda fault: fault.__name__,
)
async def test_an_attack_ends_with_equal_ledgers(play: Play, fault: Fault) -> None:
    ledgers = await suffer(play, fault(play, dice_of(1)))

    assert ledgers.acknowledged


async def test_a_full_disk_is_nobodys_fault_and_parks_nothing(play: Play) -> None:
    if play.world.site.small_disk is None:
        pytest.skip("no disk can be made small here: that needs root and the right to mount")

    async def a_command_met_it() -> bool:
        return play.theatre.lost_answers() > 0

    async with under_way(play), faults.the_disk_is_full(play, dice_of(1)):
        await eventually(a_command_met_it, within=60)

    assert await play.judge() == []
    for listener in play.listeners:
        assert "event_parked" not in listener.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("post", [0, 2], ids=["a publisher's", "a listener's"])
async def test_a_commit_whose_answer_is_lost_is_there_once_or_not_at_all(play: Play, post: int) -> None:
    actor = play.cast[post]

    ledgers = await suffer(play, faults.forgetful(actor.postgres, dice_of(1)))

    assert ledgers.unknown or actor.hears, "no answer to a commit was lost"


@pytest.mark.parametrize("how", [faults.shut, faults.silent], ids=["refused", "half open"])
async def test_a_relay_cut_off_from_kafka_only_and_then_from_postgres_only_loses_nothing(
    play: Play, how: faults.How
) -> None:
    publisher, dice = play.publishers[0], dice_of(1)

    await suffer(play, how(publisher.kafka, dice), how(publisher.postgres, dice))


async def test_a_listener_frozen_past_its_session_finds_its_events_applied_by_another(play: Play) -> None:
    frozen = play.listeners[0]
    async with under_way(play):
        await play.everybody_listens()
        await play.freeze(frozen, in_a_transaction=False)
        newest = await play.newest()
        begun = time.monotonic()
        await eventually(lambda: play.has_effects_up_to(newest), within=40, every=0.3)
        waited = time.monotonic() - begun
        frozen.signal(signal.SIGCONT)
        await rest(1.0)

    assert await play.judge() == []
    assert waited > 5, "nothing of the frozen one's was waited for"
