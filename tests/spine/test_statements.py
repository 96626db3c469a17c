"""How many statements a batch costs, and that what claims work reads no more than it takes, whatever lies behind."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.contracts.pairing import PairResumed
from shared.platform.consumer import EventConsumer
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.records import read
from shared.platform.consumer.retrier import Retrier
from shared.platform.database import Database, Transaction
from shared.platform.kafka import make_producer
from shared.platform.members import admission, admitted
from shared.platform.outbox import SHARDS
from shared.platform.relay import Lane, Relay
from shared.platform.timers import Timers, schedule
from shared.platform.timers.fire import Firer
from shared.testing.eventually import eventually
from shared.testing.running import record_of
from shared.testing.stage import Engines, Stage, make_stage
from tests.spine.play import NOBODY, TickDue, bump

BEHIND = 50_000
TAKEN = 1_000
MOST = 6 * TAKEN
"""Where two of three lanes are left out, three rows are looked at for one that is taken, and each is compared twice."""
_METHODS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")


@dataclass
class Spoken:
    """Every statement that went to PostgreSQL, with its arguments."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list[tuple[str, tuple[Any, ...]]])

    def forget(self) -> None:
        """Begin again."""
        self.statements.clear()

    def claims(self, table: str) -> list[tuple[str, tuple[Any, ...]]]:
        """What was read of a table."""
        return [
            (sql, args)
            for sql, args in self.statements
            if sql.split()[0] in {"SELECT", "WITH"} and f"FROM {table}" in sql
        ]


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Spoken:
    """Listens to asyncpg's own connections."""
    heard = Spoken()
    for name in _METHODS:
        original: Any = getattr(asyncpg.Connection, name)

        async def listening(connection: Any, sql: str, *args: Any, _original: Any = original, **more: Any) -> Any:
            heard.statements.append((sql, args))
            return await _original(connection, sql, *args, **more)

        monkeypatch.setattr(asyncpg.Connection, name, listening)
    return heard


@pytest.fixture
async def publisher(play_stage: Stage) -> AsyncGenerator[Database]:
    async with Database.open(play_stage.database("pairing_worker"), schema="pairing", size=1) as database:
        yield database


def resumed(number: int) -> PairResumed:
    return PairResumed(
        pair_id=UUID(int=number + 1),
        mentor_id=NOBODY,
        mentee_id=NOBODY,
        mentor_institution_id=NOBODY,
        mentee_institution_id=NOBODY,
        version=1,
        occurred_at="2027-01-04T09:00:00Z",  # pyright: ignore[reportArgumentType] - pydantic reads it
        institution_ids=(),
    )


@pytest.mark.parametrize("events", [1, 500])
async def test_a_batch_costs_seven_statements_however_large_it_is(
    play_stage: Stage, spoken: Spoken, events: int
) -> None:
    consumer = EventConsumer(f"meetings.{uuid4().hex[:12]}")

    async def note(tx: Transaction, event: PairResumed) -> None:
        tx.later(
            "INSERT INTO effects (consumer, aggregate_id, version) VALUES ($1, $2, $3)",
            consumer.name,
            event.pair_id,
            event.version,
        )

    consumer.on(PairResumed)(note)
    async with Database.open(play_stage.database("meetings_worker"), schema="meetings", size=1) as database:
        batch = [read(record_of(resumed(number))) for number in range(events)]
        spoken.forget()
        await BatchApplier(database, consumer).apply(batch)

    # BEGIN, context and time, the inbox's missing rows, its lock, the effects, the inbox's new versions, COMMIT.
    assert len(spoken.statements) == 7


@pytest.mark.parametrize("timers", [1, 500])
async def test_a_pass_of_timers_costs_nine_statements_however_many_are_due(
    publisher: Database, spoken: Spoken, timers: int
) -> None:
    clock = Timers("pairing")

    async def tick(tx: Transaction, timer: TickDue) -> None:
        tx.later("UPDATE counters SET version = version + 1 WHERE pair_id = $1", timer.subject_id)

    clock.on(TickDue)(tick)
    await publisher.pool.execute("DELETE FROM timers")
    async with publisher.transaction() as tx:
        for _ in range(timers):
            subject_id = uuid4()
            await tx.execute("INSERT INTO counters (pair_id) VALUES ($1)", subject_id)
            await schedule(tx, TickDue(subject_id=subject_id), tx.now - timedelta(seconds=1))
    spoken.forget()

    assert await Firer(publisher, clock).fire_due() == timers

    # The pass's beginning; BEGIN, context and time, what is due, the subjects' lock, the timers' end, the effects,
    # COMMIT; the pass's end.
    assert len(spoken.statements) == 9


async def test_a_command_costs_no_more_than_its_own_statements_and_four(publisher: Database, spoken: Spoken) -> None:
    async with publisher.transaction() as tx:
        await bump(tx, uuid4(), PairResumed)

    # BEGIN, context and time, the two of the command, the outbox row, COMMIT.
    assert len(spoken.statements) == 6


async def test_whoever_opens_a_transaction_with_a_look_up_spares_a_statement(
    publisher: Database, spoken: Spoken
) -> None:
    async with publisher.transaction(opening=admission("nobody's", read_only=True)) as tx:
        assert admitted(tx) is None

    # BEGIN, who it is with context and time, COMMIT.
    assert len(spoken.statements) == 3


async def test_an_event_costs_the_relay_one_look_and_one_delete(
    play_stage: Stage, publisher: Database, spoken: Spoken
) -> None:
    await publisher.pool.execute("DELETE FROM outbox")
    relay = _Woken(publisher, lambda: make_producer(play_stage.settings("pairing")))
    publisher.on_commit(relay.wake)
    relaying = asyncio.create_task(relay.run())
    try:
        await eventually(partial(_has_said, spoken, ["SELECT"] * SHARDS))  # what each new lease begins with
        spoken.forget()
        for past in range(2):
            async with publisher.transaction() as tx:
                await bump(tx, uuid4(), PairResumed)
            await eventually(partial(_has_said, spoken, ["SELECT", "DELETE"] * (past + 1)))
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)


def _said_of_rows(spoken: Spoken) -> list[str]:
    return [sql.split()[0] for sql, _ in spoken.statements if "FROM outbox WHERE shard = $1" in sql]


async def _has_said(spoken: Spoken, words: list[str]) -> bool:
    return _said_of_rows(spoken) == words


class _Looking(Firer):
    """The timers' loop, with its look for anything due in the open."""

    async def look(self) -> None:
        """What it asks several times a second."""
        await self._pass()


class _Claiming(Relay):
    """The relay, with its read in the open."""

    async def claim(self, shard: int, left_out: list[Lane]) -> int:
        """How many rows it reads."""
        return len(await self._read(shard, left_out))

    async def look(self) -> None:
        """What it asks ten times a second."""
        self._until = dict.fromkeys(range(4), float("inf"))
        await self._poll()


class _Woken(Relay):
    """The relay without its poll."""

    async def _poll(self) -> float:
        return 60.0


@pytest.fixture(scope="module")
async def full_stage(engines: Engines, passwords: dict[str, str]) -> Stage:
    """A service behind which much lies: rows to send, timers that are not due yet, events whose time has not come."""
    stage = await make_stage(engines, passwords, ["meetings"], stepped=False)
    connection = await asyncpg.connect(stage.admin_url, server_settings={"search_path": "meetings"})
    try:
        await connection.execute(
            """
            INSERT INTO outbox (shard, aggregate_id, version, event_id, topic, partition, key, headers, occurred_at)
            SELECT n % 4, gen_random_uuid(), 1, gen_random_uuid(), 'osler.meetings', n % 12, 'k', '{a,b}', now()
            FROM generate_series(1, $1::integer) n
            """,
            BEHIND,
        )
        await connection.execute(
            """
            INSERT INTO timers (kind, subject_id, due_at)
            SELECT 'tick_due', gen_random_uuid(), now() + n * interval '1 hour' FROM generate_series(1, $1::integer) n
            """,
            BEHIND,
        )
        await connection.execute(
            """
            WITH new AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $1::integer)), known AS (
                INSERT INTO inbox (consumer, aggregate_id, waiting) SELECT 'meetings', id, 1 FROM new
            )
            INSERT INTO parked (consumer, aggregate_id, version, event_id, type, topic, partition, "offset", headers,
                                reason, next_try_at)
            SELECT 'meetings', id, 1, id, 't', 'osler.pairing', 0, 0, '', 'bug', now() + interval '1 hour' FROM new
            """,
            BEHIND,
        )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return stage


async def test_what_claims_work_reads_no_more_than_it_takes(full_stage: Stage, spoken: Spoken) -> None:
    clock = Timers("meetings")
    clock.on(TickDue)(_nothing)
    async with Database.open(full_stage.database("meetings_worker"), schema="meetings", size=1) as database:
        relay = _Claiming(database, lambda: make_producer(full_stage.settings("meetings")))
        spoken.forget()
        assert await relay.claim(0, []) == TAKEN
        assert await relay.claim(0, [("osler.meetings", 0), ("osler.meetings", 4)]) == TAKEN
        await relay.look()
        firer = _Looking(database, clock)
        await firer.look()
        await firer.fire_due()
        await Retrier(database, BatchApplier(database, EventConsumer("meetings"))).drain()
        claims = [*spoken.claims("outbox"), *spoken.claims("timers"), *spoken.claims("parked")]
        assert len(claims) == 6
        for sql, args in claims:
            assert await _most_rows(database, sql, args) <= MOST, sql


async def _nothing(_: Transaction, __: TickDue) -> None:
    await asyncio.sleep(0)  # noqa: TID251 - a handler without an effect


async def _most_rows(database: Database, sql: str, args: tuple[Any, ...]) -> int:
    """The most rows that any step of the statement's plan had in hand, those that it threw away included."""
    said = await database.pool.fetchval("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, *args)
    return max(
        (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"]
        for step in _steps(json.loads(said)[0]["Plan"])
    )


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _steps(below)
