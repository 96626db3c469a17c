"""What cannot be applied waits alone, with its reason, and leaves in order; everything else flows."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, Callable, Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import ConsumerRecord

from shared.contracts.pairing import PairDeclined, PairEvent, PairPaused, PairResumed
from shared.platform.consumer import EventConsumer, batch, operators, retrier
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.operators import Decision, NotAGap, NothingParked
from shared.platform.consumer.records import read
from shared.platform.consumer.retrier import Retrier
from shared.platform.database import Database, Row, Transaction
from shared.platform.errors import NotYet, Refused, Unavailable
from shared.platform.telemetry import REGISTRY
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import START, Stage

BECAUSE = Decision(by="a test", reason="it says so")


class Bench:
    """A consumer whose handlers a test can break, and its rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.name = f"meetings.{uuid4().hex[:8]}"
        self.events = EventConsumer(self.name)
        self.applied: list[tuple[UUID, int]] = []
        self.broken: Callable[[PairEvent], BaseException | None] = lambda _: None
        self.applier = BatchApplier(database, self.events)
        self.retrier = Retrier(database, self.applier)
        self.events.on(PairResumed)(self.note)
        self.events.on(PairPaused)(self.note)

    async def note(self, tx: Transaction, event: PairEvent) -> None:
        """The effect: one row."""
        error = self.broken(event)
        if error is not None:
            raise error
        await tx.execute(
            "INSERT INTO effects (consumer, aggregate_id, version) VALUES ($1, $2, $3)",
            self.name,
            event.pair_id,
            event.version,
        )

    async def deliver(self, *records: ConsumerRecord | PairEvent) -> None:
        """One batch from Kafka."""
        raw = [record_of(record) if isinstance(record, PairEvent) else record for record in records]
        await self.applier.apply([read(record) for record in raw])

    async def effects(self) -> list[tuple[UUID, int]]:
        """What was applied, in order."""
        rows = await self.database.pool.fetch(
            "SELECT aggregate_id, version FROM effects WHERE consumer = $1 ORDER BY position", self.name
        )
        return [(row["aggregate_id"], row["version"]) for row in rows]

    async def parked(self) -> list[Row]:
        """What waits, in order of version."""
        return await self.database.pool.fetch("SELECT * FROM parked WHERE consumer = $1 ORDER BY version", self.name)

    async def reasons(self) -> list[str]:
        """Why it waits."""
        return [row["reason"] for row in await self.parked()]

    def alarms(self) -> float:
        """How often a version came with a second event id."""
        return REGISTRY.get_sample_value("osler_versions_reused_total", {"consumer": self.name}) or 0.0

    async def retried(self, expected: list[tuple[UUID, int]]) -> None:
        """Let the retry loop run until these effects are there."""

        async def done() -> bool:
            await self.retrier.drain()
            return await self.effects() == expected

        await eventually(done, within=10)


@pytest.fixture
async def bench(play_stage: Stage) -> AsyncGenerator[Bench]:
    async with Database.open(play_stage.database("meetings_worker"), schema="meetings", strict=True) as database:
        yield Bench(database)


def resumed(pair_id: UUID, version: int) -> PairResumed:
    return PairResumed(
        pair_id=pair_id,
        mentor_id=pair_id,
        mentee_id=pair_id,
        mentor_institution_id=pair_id,
        mentee_institution_id=pair_id,
        version=version,
        occurred_at=START,
        institution_ids=(pair_id,),
    )


def with_header(record: ConsumerRecord, name: str, value: bytes | None) -> ConsumerRecord:
    headers = tuple((n, value if n == name else v) for n, v in record.headers)
    return dataclasses.replace(record, headers=headers)


def with_another_id(event: PairEvent) -> ConsumerRecord:
    return with_header(record_of(event), "ce_id", str(uuid4()).encode())


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
    assert first.startswith("bug KeyError spine/test_parking.py:")
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

    await bench.database.run(lambda tx: operators.discard(tx, bench.name, a, BECAUSE))
    await bench.retried([(a, 2)])


async def test_a_person_may_let_a_refused_event_be_tried_again(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: Refused()
    await bench.deliver(resumed(a, 1))
    bench.broken = lambda _: None

    await bench.database.run(lambda tx: operators.retry(tx, bench.name, a, BECAUSE))

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
    await bench.database.run(lambda tx: operators.retry(tx, bench.name, a, BECAUSE))
    await bench.retried([(a, 1)])


async def test_a_person_may_accept_a_gap_and_only_a_gap(bench: Bench) -> None:
    a = uuid4()
    await bench.deliver(resumed(a, 3), resumed(a, 4))

    await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, BECAUSE))
    with pytest.raises(NotAGap):
        await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, BECAUSE))

    await bench.retried([(a, 3), (a, 4)])
    with pytest.raises(NothingParked):
        await bench.database.run(lambda tx: operators.accept(tx, bench.name, a, BECAUSE))


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


Spoil = Callable[[ConsumerRecord], ConsumerRecord]


def with_body(body: bytes | None) -> Spoil:
    """The same headers over another body."""
    return lambda record: dataclasses.replace(record, value=body)


def with_type(kind: bytes | None) -> Spoil:
    """Another type over the same body."""
    return lambda record: with_header(record, "ce_type", kind)


def of_another_version(record: ConsumerRecord) -> ConsumerRecord:
    """A body that counts differently from its headers."""
    return dataclasses.replace(record, value=(record.value or b"").replace(b'"version":1', b'"version":2'))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (with_body(b"{not json"), "unreadable_event"),
        (with_body(b'{"pair_id": "\xff"}'), "unreadable_event"),
        (with_body(None), "unreadable_event"),
        (of_another_version, "unreadable_event"),
        (with_type(b"osler.meetings.meeting_held.v1"), "foreign_type"),
        (with_type(None), "foreign_type"),
        (with_type(b"\xff\x00"), "foreign_type"),
    ],
)
async def test_poison_parks_its_aggregate_with_a_reason_and_the_rest_flows(
    bench: Bench, spoil: Spoil, reason: str
) -> None:
    a, b = uuid4(), uuid4()

    await bench.deliver(spoil(record_of(resumed(a, 1))), resumed(b, 1), resumed(a, 2))

    assert await bench.effects() == [(b, 1)]
    assert await bench.reasons() == [reason, "waiting"]


@pytest.mark.parametrize("header", ["ce_subject", "ce_sequence", "ce_id"])
@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"-1", b"x" * 2000])
async def test_a_record_that_names_no_aggregate_is_kept_as_bytes_and_blocks_nobody(
    bench: Bench, header: str, value: bytes | None
) -> None:
    a, b = uuid4(), uuid4()
    lost = with_header(record_of(resumed(a, 1)), header, value)

    await bench.deliver(lost, resumed(b, 1))
    await bench.deliver(lost)

    kept = await bench.database.pool.fetch("SELECT body, reason FROM unreadable WHERE consumer = $1", bench.name)
    assert [row["body"] for row in kept] == [lost.value]
    assert await bench.effects() == [(b, 1)]


async def test_a_type_without_a_handler_passes_and_moves_the_aggregate_on(bench: Bench) -> None:
    a = uuid4()
    unknown = with_header(record_of(resumed(a, 1)), "ce_type", b"osler.pairing.pair_celebrated.v1")
    declined = PairDeclined(**resumed(a, 2).model_dump(), declined_by="mentor")

    await bench.deliver(unknown, declined, resumed(a, 3))

    assert await bench.effects() == [(a, 3)]


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
    await bench.database.run(lambda tx: operators.discard(tx, bench.name, a, BECAUSE))
    await bench.database.run(lambda tx: operators.accept(tx, bench.name, b, BECAUSE))

    await bench.deliver(resumed(a, 1), resumed(b, 2))

    assert bench.alarms() == 0


async def test_what_is_nobodys_fault_parks_nothing_and_applies_nothing(bench: Bench) -> None:
    a = uuid4()
    bench.broken = lambda _: asyncpg.DiskFullError("no space left")

    with pytest.raises(asyncpg.DiskFullError):
        await bench.deliver(resumed(a, 1))

    assert await bench.parked() == []
    assert await bench.effects() == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unavailable(), "unavailable"), (FileNotFoundError("a name"), "bug FileNotFoundError spine/test_parking.py")],
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
