"""The race that most published outbox readers lose: many writers, slow and rolled-back transactions, two readers."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from random import Random
from uuid import UUID, uuid4

from shared.contracts.pairing import PairResumed
from shared.platform.database import Database, Transaction
from shared.platform.kafka import make_producer
from shared.platform.loops import rest
from shared.platform.relay import Relay
from shared.testing.eventually import eventually
from tests.chaos.faults import dice_of
from tests.chaos.world import World
from tests.ledgers import Fact, Ledgers, first_occurrences, violations
from tests.spine.play import bump
from tests.spine.theatre import read_log

WRITERS = 24
AGGREGATES = 40
EACH = 60


class GivenUp(Exception):
    """A writer that rolls back."""


async def write(database: Database, aggregates: list[UUID], dice: Random) -> None:
    """Raise counters: now slowly before the event's row, now slowly after it, now in vain."""
    for _ in range(EACH):
        with suppress(GivenUp):
            async with database.transaction() as tx:
                await raise_one(tx, dice.choice(aggregates), dice)


async def raise_one(tx: Transaction, pair_id: UUID, dice: Random) -> None:
    """One counter and its event, in one of the ways in which transactions come late or never."""
    if dice.random() < 0.3:
        await rest(dice.uniform(0, 0.02))
    await bump(tx, pair_id, PairResumed)
    await tx.flush()  # the row has its position now, and others take later ones before this commits
    if dice.random() < 0.3:
        await rest(dice.uniform(0, 0.02))
    if dice.random() < 0.05:
        raise GivenUp


async def follow_the_sequence(database: Database, seen: list[Fact], writing: asyncio.Event) -> None:
    """What most published readers do: read what lies above the highest position seen."""
    last = await database.pool.fetchval("SELECT coalesce(max(position), 0) FROM committed")
    while not writing.is_set():
        rows = await database.pool.fetch(
            "SELECT position, aggregate_id, version FROM committed WHERE position > $1 ORDER BY position", last
        )
        seen += [(row["aggregate_id"], row["version"]) for row in rows]
        last = max([last, *(row["position"] for row in rows)])
        await rest(0.005)


async def test_the_relay_loses_nothing_and_turns_nothing_round_where_a_sequence_reader_loses(world: World) -> None:
    await world.sweep()
    stage, aggregates = world.stage, [uuid4() for _ in range(AGGREGATES)]
    seen: list[Fact] = []
    done = asyncio.Event()
    async with Database.open(
        stage.database("pairing_worker"), schema="pairing", size=WRITERS + 8, strict=True
    ) as database:
        relay = Relay(database, lambda: make_producer(stage.settings("pairing")))
        database.on_commit(relay.wake)
        relaying = asyncio.create_task(relay.run())
        following = asyncio.create_task(follow_the_sequence(database, seen, done))
        try:
            await asyncio.gather(*(write(database, aggregates, dice_of(number)) for number in range(WRITERS)))

            async def all_sent() -> bool:
                return not await database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM outbox)")

            await eventually(all_sent, within=30)
            done.set()
            await following
        finally:
            relaying.cancel()
            following.cancel()
            await asyncio.gather(relaying, following, return_exceptions=True)
        rows = await database.pool.fetch("SELECT aggregate_id, version FROM committed ORDER BY position")
    committed = [(row["aggregate_id"], row["version"]) for row in rows]
    log = await read_log(stage, "osler.pairing", "meetings")

    assert len(committed) > 1_000
    assert violations(Ledgers([], committed, log)) == []
    assert inversions(first_occurrences(log)) == 0
    assert set(committed) - set(seen), "the sequence reader lost nothing, so this test would not see a loss"


def inversions(facts: list[Fact]) -> int:
    """How many versions came after a higher one of their aggregate."""
    highest: dict[UUID, int] = defaultdict(int)
    count = 0
    for aggregate, version in facts:
        count += version < highest[aggregate]
        highest[aggregate] = max(highest[aggregate], version)
    return count
