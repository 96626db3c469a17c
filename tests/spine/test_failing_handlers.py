"""A handler that fails, hangs or lacks something: its own event waits, and the rest of its batch is applied."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.contracts.pairing import PairDeclined
from shared.platform.consumer import batch
from shared.platform.database import Transaction
from shared.platform.errors import Unavailable
from tests.spine.bench import Bench, resumed


async def test_what_is_nobodys_fault_parks_nothing_and_applies_nothing(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: asyncpg.DiskFullError("no space left")

    with pytest.raises(asyncpg.DiskFullError):
        await bench.deliver(resumed(a, 1))

    assert await bench.parked() == []
    assert await bench.effects() == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unavailable(), "unavailable"), (FileNotFoundError("a name"), "bug FileNotFoundError spine/bench.py")],
)
async def test_what_a_handler_itself_lacks_parks_its_event_and_not_the_batch(
    bench: Bench, error: Exception, reason: str
) -> None:
    a, b = uuid4(), uuid4()
    bench.broken = lambda event: error if event.pair_id == a else None

    await bench.deliver(resumed(a, 1), resumed(b, 1))

    assert await bench.effects() == [(b, 1)]
    assert (await bench.reasons())[0].startswith(reason)


async def test_a_list_that_lacks_something_goes_one_by_one(bench: Bench) -> None:
    a, b = uuid4(), uuid4()

    @bench.events.on_many(PairDeclined)
    async def many(tx: Transaction, events: Sequence[PairDeclined]) -> None:
        if any(event.pair_id == b for event in events):
            raise Unavailable
        for event in events:
            await bench.note(tx, event)

    await bench.deliver(*(PairDeclined(**resumed(x, 1).model_dump(), declined_by="mentor") for x in (a, b)))

    assert await bench.effects() == [(a, 1)]
    assert await bench.reasons() == ["unavailable"]


async def test_a_handler_that_does_not_end_is_parked_as_took_too_long(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "HANDLER_SECONDS", 0.2)
    a, b = uuid4(), uuid4()

    @bench.events.on(PairDeclined)
    async def never(tx: Transaction, event: PairDeclined) -> None:
        await asyncio.get_running_loop().create_future()

    await bench.deliver(PairDeclined(**resumed(a, 1).model_dump(), declined_by="mentor"), resumed(b, 1))

    assert await bench.effects() == [(b, 1)]
    assert await bench.reasons() == ["took_too_long"]


async def test_a_stray_cancellation_is_a_failure_of_its_event_and_no_shutdown(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    bench.broken = lambda event: asyncio.CancelledError() if event.pair_id == a else None

    await bench.deliver(resumed(a, 1), resumed(b, 1))

    assert await bench.effects() == [(b, 1)]
    assert (await bench.reasons())[0].startswith("bug RuntimeError")


async def test_when_a_list_fails_its_events_go_one_by_one_and_only_the_guilty_waits(bench: Bench) -> None:
    a, b, c = uuid4(), uuid4(), uuid4()

    @bench.events.on_many(PairDeclined)
    async def many(tx: Transaction, events: Sequence[PairDeclined]) -> None:
        if any(event.pair_id == b for event in events):
            raise ValueError
        for event in events:
            await bench.note(tx, event)

    await bench.deliver(*(PairDeclined(**resumed(x, 1).model_dump(), declined_by="mentor") for x in (a, b, c)))

    assert await bench.effects() == [(a, 1), (c, 1)]
    assert [row["aggregate_id"] for row in await bench.parked()] == [b]


async def test_a_list_never_holds_an_event_whose_predecessor_is_still_to_come(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    lists: list[list[tuple[UUID, int]]] = []

    @bench.events.on_many(PairDeclined)
    async def many(tx: Transaction, events: Sequence[PairDeclined]) -> None:
        lists.append([(event.pair_id, event.version) for event in events])

    def declined(pair_id: UUID, version: int) -> PairDeclined:
        return PairDeclined(**resumed(pair_id, version).model_dump(), declined_by="mentor")

    await bench.deliver(declined(a, 1), resumed(a, 2), declined(a, 3), declined(b, 1), declined(b, 2))

    assert lists == [[(a, 1), (b, 1), (b, 2)], [(a, 3)]]


async def test_statements_that_do_not_commute_are_reordered_when_collected(bench: Bench) -> None:
    """`later` sends one statement text at a time: the documented trap, planted so that it stays documented."""
    a = uuid4()

    async with bench.database.transaction() as tx:
        insert = "INSERT INTO effects (consumer, aggregate_id, version) VALUES ($1, $2, $3)"
        tx.later(insert, bench.name, a, 1)
        tx.later("DELETE FROM effects WHERE consumer = $1 AND aggregate_id = $2", bench.name, a)
        tx.later(insert, bench.name, a, 2)

    assert await bench.effects() == []
