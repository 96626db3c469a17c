"""A hospital whose sixteen mentors pause and resume a thousand pairs; the same commands by hand are the ceiling."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from services.pairing import use_cases
from shared.contracts import policy
from shared.contracts.event import event_id
from shared.contracts.pairing import PairPaused, PairResumed
from shared.platform.database import Database, Transaction
from shared.platform.errors import Forbidden
from shared.platform.http import Revision
from shared.platform.members import Person, sign_in_key
from shared.platform.outbox import route
from shared.platform.settings import LOCAL_SIGN_IN_SECRET
from shared.testing.stage import Stage
from tests.bench.measuring import Lap

CLIENTS: Final = 16
PAIRS_EACH: Final = 63
"""Sixteen times as many are about a thousand."""

Act = Callable[[int, int], Awaitable[object]]
"""A client's command by its number: it pauses its pairs in turn, then resumes them, and so on."""


@dataclass(frozen=True)
class Town:
    """Who acts on what; every command's revision follows from its number."""

    institution_id: UUID
    mentors: list[Person]
    pairs: list[list[UUID]]

    def pair(self, client: int, number: int) -> tuple[UUID, int]:
        """The pair that a client's command is about, and how many commands the pair has had."""
        mine = self.pairs[client]
        return mine[number % len(mine)], number // len(mine)


async def found(stage: Stage) -> Town:
    """Make the rows as pairing's own consumers would have."""
    town = Town(
        uuid4(),
        [Person(uuid4(), UUID(int=0), frozenset({"mentor"})) for _ in range(CLIENTS)],
        [[uuid4() for _ in range(PAIRS_EACH)] for _ in range(CLIENTS)],
    )
    town.mentors[:] = [Person(mentor.person_id, town.institution_id, mentor.roles) for mentor in town.mentors]
    connection = await _admin(stage)
    try:
        await connection.executemany(
            """
            INSERT INTO members (person_id, institution_id, sign_in_key, status, roles)
            VALUES ($1, $2, $3, 'here', '{mentor}')
            """,
            [(m.person_id, m.institution_id, sign_in_key(LOCAL_SIGN_IN_SECRET, subject(m))) for m in town.mentors],
        )
        await connection.executemany(
            """
            INSERT INTO pairs (pair_id, mentor_id, mentee_id, mentor_institution_id, mentee_institution_id, state,
                proposed_by, proposed_at, answer_by, place, mentor_away, mentee_away, version, revision)
            VALUES ($1, $2, $3, $4, $4, 'active', $2, now(), now(), $5, false, false, 0, 0)
            """,
            [
                (pair_id, mentor.person_id, uuid4(), town.institution_id, place)
                for mentor, mine in zip(town.mentors, town.pairs, strict=True)
                for place, pair_id in enumerate(mine, 1)
            ],
        )
    finally:
        await connection.close()
    return town


def subject(person: Person) -> str:
    """Whom a person's token names."""
    return f"{person.person_id}@bench.example"


async def start_over(stage: Stage) -> None:
    """Every pair active and without a history, so that each lap begins alike."""
    connection = await _admin(stage)
    try:
        await connection.execute("TRUNCATE outbox")
        await connection.execute(
            "UPDATE pairs SET state = 'active', review_at = NULL, reason = NULL, version = 0, revision = 0"
        )
        await connection.execute("VACUUM (FULL, ANALYZE) pairs")
    finally:
        await connection.close()


async def _admin(stage: Stage) -> Any:
    return await asyncpg.connect(stage.admin_url, server_settings={"search_path": "pairing"})


async def all_at_once(act: Act, commands: int) -> Lap:
    """Every client sends its commands one after the other, all clients side by side."""
    each = commands // CLIENTS

    async def client(number: int) -> None:
        for command in range(each):
            await act(number, command)

    lap = Lap(each * CLIENTS)
    with lap.running():
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return lap


def through_use_cases(database: Database, town: Town) -> Act:
    """The product's own way: policy, use case, state and outbox in one transaction."""
    rows = {name: policy.load().find_row(f"pairing.{name}") or {} for name in ("pause_pair", "resume_pair")}

    async def act(client: int, number: int) -> None:
        me = town.mentors[client]
        pair_id, past = town.pair(client, number)
        name = "resume_pair" if past % 2 else "pause_pair"

        async def work(tx: Transaction) -> None:
            if rows[name].keys().isdisjoint(me.roles):
                raise Forbidden
            seen, now = Revision(past), tx.now
            if past % 2:
                await use_cases.resume_pair(tx, me, pair_id, seen, now)
            else:
                review_at = now + timedelta(days=7)
                await use_cases.pause_pair(tx, me, pair_id, seen, reason=None, review_at=review_at, now=now)

        await database.run(work, institution_id=me.institution_id, person_id=me.person_id, door="api")

    return act


_UPDATE = """
    UPDATE pairs SET state = $2, review_at = $3, reason = $4, version = $5, revision = $5 WHERE pair_id = $1
"""
_INSERT = """
    INSERT INTO outbox (shard, aggregate_id, version, event_id, topic, partition, key, headers, payload, occurred_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


def by_hand(connections: list[Any], town: Town) -> Act:
    """A connection each and asyncpg alone: BEGIN, UPDATE, INSERT, COMMIT."""

    async def act(client: int, number: int) -> None:
        pair_id, past = town.pair(client, number)
        now = datetime.now(UTC)  # noqa: TID251 - the ceiling knows no platform clock
        paused = past % 2 == 0
        review_at = now + timedelta(days=7) if paused else None
        connection = connections[client]
        await connection.execute("BEGIN")
        await connection.execute(
            _UPDATE, pair_id, "paused" if paused else "active", review_at, "asked" if paused else None, past + 1
        )
        await connection.execute(_INSERT, *_row(town, client, pair_id, past + 1, review_at, now))
        await connection.execute("COMMIT")

    return act


def _row(
    town: Town, client: int, pair_id: UUID, version: int, review_at: datetime | None, now: datetime
) -> tuple[object, ...]:
    """An outbox row with the same headers and as long a body as the platform writes."""
    kind = PairResumed if review_at is None else PairPaused
    shard, partition, key = route(kind.topic, pair_id)
    said, institution = str(pair_id), str(town.institution_id)
    made = event_id(pair_id, version)
    at = now.isoformat().replace("+00:00", "Z")
    body = {
        "version": version, "occurred_at": at, "institution_ids": [institution], "pair_id": said,
        "mentor_id": str(town.mentors[client].person_id), "mentee_id": said, "mentor_institution_id": institution,
        "mentee_institution_id": institution,
    }  # fmt: skip
    if review_at is not None:
        body |= {"reason": "asked", "review_at": review_at.isoformat()}
    headers = [
        "ce_specversion", "1.0", "ce_id", str(made), "ce_type", kind.type, "ce_source", "/osler/pairing",
        "ce_subject", said, "ce_sequence", f"{version:019d}", "ce_time", at, "ce_partitionkey", said,
        "ce_institutions", institution, "content-type", "application/json",
    ]  # fmt: skip
    return shard, pair_id, version, made, kind.topic, partition, key, headers, json.dumps(body).encode(), now
