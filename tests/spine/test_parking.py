"""What cannot be applied yet waits alone with its reason, and leaves in order or by a person's word; all else flows."""

import asyncio
import contextlib
from uuid import UUID, uuid4

import pytest

from shared.platform.consumer import operators, retrier
from shared.platform.consumer.operators import AnotherHead, NotAGap, NothingParked
from shared.platform.consumer.retrier import Retrier
from shared.platform.errors import NotYet, Refused
from tests.spine.bench import BECAUSE, Bench, resumed, with_another_id


async def test_a_redelivered_event_has_its_effect_once(bench: Bench) -> None:
    a = uuid4()

    await bench.deliver(resumed(a, 1), resumed(a, 1), resumed(a, 2))
    await bench.deliver(resumed(a, 1), resumed(a, 2))

    assert await bench.effects() == [(a, 1), (a, 2)]


async def test_a_gap_waits_and_closes_by_itself_when_the_missing_event_comes(bench: Bench) -> None:
    a, b = uuid4(), uuid4()

    await bench.deliver(resumed(a, 1), resumed(a, 3), resumed(b, 1), resumed(a, 4))
    assert await bench.effects() == [(a, 1), (b, 1)]
    assert await bench.reasons() == ["gap", "waiting"]

    await bench.deliver(resumed(a, 2))
    await bench.retried([(a, 1), (b, 1), (a, 2), (a, 3), (a, 4)])

    assert await bench.parked() == []


async def test_a_bug_parks_its_aggregate_alone_and_heals_by_itself(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    bench.broken = lambda event: KeyError("a secret name") if event.pair_id == a else None

    await bench.deliver(resumed(a, 1), resumed(b, 1), resumed(a, 2))

    assert await bench.effects() == [(b, 1)]
    first, second = await bench.reasons()
    assert first.startswith("bug KeyError spine/bench.py:")
    assert "secret" not in first
    assert second == "waiting"

    bench.broken = lambda _: None
    await bench.retried([(b, 1), (a, 1), (a, 2)])


async def test_an_event_that_builds_on_something_unheard_is_tried_until_it_is_heard(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: NotYet()

    await bench.deliver(resumed(a, 1))
    await bench.retrier.drain()
    assert await bench.reasons() == ["not_yet"]

    bench.broken = lambda _: None
    await bench.retried([(a, 1)])


async def test_what_a_rule_refuses_waits_for_a_person_who_may_discard_it(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda event: Refused() if event.version == 1 else None
    await bench.deliver(resumed(a, 1), resumed(a, 2))

    await bench.retrier.drain()
    (head, _) = await bench.parked()
    assert (head["reason"], head["next_try_at"]) == ("refused", None)

    await bench.database.run(lambda tx: operators.discard(tx, bench.name, a, 1, BECAUSE))
    await bench.retried([(a, 2)])


async def test_an_event_that_waits_for_a_person_is_not_applied_when_it_comes_again(bench: Bench) -> None:
    a = uuid4()
    first, second = resumed(a, 1), resumed(a, 2)
    bench.broken = lambda _: Refused()
    await bench.deliver(first)

    bench.broken = lambda _: None
    await bench.deliver(first, second)

    assert await bench.effects() == []
    assert await bench.reasons() == ["refused", "waiting"]


async def test_an_event_that_is_discarded_while_it_is_tried_is_not_applied_nor_is_the_next_in_its_place(
    bench: Bench,
) -> None:
    a = uuid4()
    bench.broken = lambda _: ValueError()
    await bench.deliver(resumed(a, 1), resumed(a, 2))
    await bench.database.pool.execute("UPDATE parked SET next_try_at = clock_timestamp() WHERE aggregate_id = $1", a)
    bench.broken = lambda _: None

    class Interrupted(Retrier):
        async def _begin(self, aggregate_id: UUID) -> int | None:
            version = await super()._begin(aggregate_id)
            await bench.database.run(lambda tx: operators.discard(tx, bench.name, aggregate_id, 1, BECAUSE))
            return version

    assert not await Interrupted(bench.database, bench.applier).try_one(a)

    assert await bench.effects() == []
    await bench.retried([(a, 2)])


async def test_two_who_discard_the_same_event_at_once_drop_one(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: Refused()
    await bench.deliver(resumed(a, 1), resumed(a, 2))

    both = [bench.database.run(lambda tx: operators.discard(tx, bench.name, a, 1, BECAUSE)) for _ in range(2)]
    done, refused = sorted(await asyncio.gather(*both, return_exceptions=True), key=repr, reverse=True)

    assert done is None
    assert isinstance(refused, AnotherHead)
    assert "2 now" in str(refused)
    assert [row["version"] for row in await bench.parked()] == [2]


async def test_a_person_may_let_a_refused_event_be_tried_again(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: Refused()
    await bench.deliver(resumed(a, 1))
    bench.broken = lambda _: None

    await bench.database.run(lambda tx: operators.retry(tx, bench.name, a, 1, BECAUSE))

    await bench.retried([(a, 1)])


async def test_an_event_at_whose_retry_the_process_died_again_and_again_waits_for_a_person(bench: Bench) -> None:
    """A death leaves nothing but the note that was made before: `trying`, once more each time."""
    a = uuid4()
    bench.broken = lambda _: NotYet()
    await bench.deliver(resumed(a, 1))
    bench.broken = lambda _: SystemExit()  # a BaseException goes past every guard, as a death does

    for _ in range(4):
        await bench.database.pool.execute("UPDATE parked SET next_try_at = now() WHERE consumer = $1", bench.name)
        with contextlib.suppress(SystemExit):
            await bench.retrier.try_one(a)
    bench.broken = lambda _: None
    await bench.retrier.drain()

    assert await bench.reasons() == ["process_died"]
    await bench.database.run(lambda tx: operators.retry(tx, bench.name, a, 1, BECAUSE))
    await bench.retried([(a, 1)])


async def test_a_person_may_accept_a_gap_and_only_a_gap(bench: Bench) -> None:
    a = uuid4()
    await bench.deliver(resumed(a, 3), resumed(a, 4))

    await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, 3, BECAUSE))
    with pytest.raises(NotAGap):
        await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, 3, BECAUSE))

    await bench.retried([(a, 3), (a, 4)])
    with pytest.raises(NothingParked):
        await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, 3, BECAUSE))


async def test_a_person_may_accept_every_gap_of_a_topic(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    await bench.deliver(resumed(a, 2), resumed(b, 5))

    gaps = await bench.database.run(lambda tx: operators.accept_topic(tx, bench.name, "osler.pairing", BECAUSE))
    await bench.retrier.drain()

    assert gaps == 2
    assert sorted(await bench.effects()) == sorted([(a, 2), (b, 5)])


async def test_only_the_topic_whose_own_events_wait_is_full_and_a_gap_fills_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrier, "MOST_WAITING", 2)
    bench.broken = lambda _: NotYet()

    await bench.deliver(resumed(uuid4(), 2), resumed(uuid4(), 2), resumed(uuid4(), 1))
    await bench.retrier.look()
    assert bench.retrier.full == frozenset()

    await bench.deliver(resumed(uuid4(), 1))
    await bench.retrier.look()
    assert bench.retrier.full == {"osler.pairing"}


async def test_a_duplicate_of_a_parked_event_is_parked_once_and_counted_once(bench: Bench) -> None:
    a = uuid4()
    await bench.deliver(resumed(a, 2))
    await bench.deliver(resumed(a, 2), resumed(a, 3))
    await bench.deliver(resumed(a, 1))

    await bench.retried([(a, 1), (a, 2), (a, 3)])

    row = await bench.database.pool.fetchrow("SELECT version, waiting FROM inbox WHERE consumer = $1", bench.name)
    assert row is not None
    assert tuple(row) == (3, 0)


async def test_a_version_with_a_second_event_id_is_an_alarm_and_no_effect(bench: Bench) -> None:
    a = uuid4()
    await bench.deliver(resumed(a, 1))

    await bench.deliver(with_another_id(resumed(a, 1)))

    assert bench.alarms() == 1
    assert await bench.effects() == [(a, 1)]


async def test_a_parked_version_with_a_second_event_id_is_an_alarm_and_the_first_one_counts(bench: Bench) -> None:
    a = uuid4()
    await bench.deliver(resumed(a, 2))

    await bench.deliver(resumed(a, 2), with_another_id(resumed(a, 2)))
    assert bench.alarms() == 1

    await bench.deliver(resumed(a, 3), with_another_id(resumed(a, 3)))
    assert bench.alarms() == 2
    await bench.deliver(resumed(a, 1))
    await bench.retried([(a, 1), (a, 2), (a, 3)])
    await bench.deliver(resumed(a, 3))
    assert bench.alarms() == 2


async def test_what_a_person_discarded_or_went_on_without_is_no_alarm_when_it_comes_again(bench: Bench) -> None:
    a, b = uuid4(), uuid4()
    bench.broken = lambda event: Refused() if event.version == 1 else None
    await bench.deliver(resumed(a, 1), resumed(b, 3))
    await bench.database.run(lambda tx: operators.discard(tx, bench.name, a, 1, BECAUSE))
    await bench.database.run(lambda tx: operators.accept(tx, bench.name, b, 3, BECAUSE))

    await bench.deliver(resumed(a, 1), resumed(b, 2))

    assert bench.alarms() == 0
