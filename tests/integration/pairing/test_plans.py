"""How many rows PostgreSQL reads for one listing and one yes in a consortium of 50,000 people; time is not measured."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from services.pairing import use_cases
from shared.contracts.event import Role
from shared.platform.database import Database, Transaction
from shared.platform.http import Revision
from shared.platform.members import Person
from shared.testing.stage import Engines, Stage, make_stage
from tests.integration.pairing import crowd

_PAGE = 51
_READ = """
    SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables
    WHERE schemaname = 'pairing'
"""
"""Rows that this transaction has fetched from tables until now, also inside of functions and for what it refused."""


@pytest.fixture(scope="module")
async def crowded(engines: Engines, passwords: dict[str, str]) -> Stage:
    """Pairing with everybody in it."""
    stage = await make_stage(engines, passwords, ["pairing"])
    connection = await asyncpg.connect(stage.admin_url, server_settings={"search_path": "pairing"})
    try:
        await crowd.gather(connection)
    finally:
        await connection.close()
    return stage


@pytest.fixture
async def database(crowded: Stage) -> AsyncGenerator[Database]:
    """As pairing's requests see it."""
    async with Database.open(crowded.database("pairing_app"), schema="pairing", clock="stepped") as opened:
        yield opened


async def test_a_page_of_mentors_reads_what_the_page_needs_of_3000_mentors(database: Database) -> None:
    mentee = _somebody(crowd.MENTEES[7])
    async with _acting(database, mentee) as tx:
        listed = await use_cases.list_mentors(tx, mentee, None, None, _PAGE, tx.now)
        assert len(listed) == _PAGE
        assert 0 < await _read(tx) <= 2_000


async def test_a_yes_reads_the_mentors_own_pairs_and_the_cross_pairs_of_two_hospitals(database: Database) -> None:
    mentor, borrower = _somebody(crowd.MENTORS[21]), crowd.MENTEES[12]
    administrator = Person(uuid4(), crowd.hospital_of(borrower), frozenset({"administrator"}))
    async with _acting(database, administrator) as tx:
        pair = await use_cases.propose_pair(tx, administrator, mentor.person_id, crowd.person(borrower), tx.now)
    async with _acting(database, mentor) as tx:
        before = await _read(tx)
        await use_cases.accept_pair(tx, mentor, pair.pair_id, Revision(pair.revision), tx.now)
        assert 0 < await _read(tx) - before <= 2_000


async def _read(tx: Transaction) -> int:
    return (await tx.get(_READ))[0]


def _somebody(number: int) -> Person:
    role: Role = "mentor" if number in crowd.MENTORS else "mentee"
    return Person(crowd.person(number), crowd.hospital_of(number), frozenset({role}))


@asynccontextmanager
async def _acting(database: Database, me: Person) -> AsyncGenerator[Transaction]:
    async with database.transaction(me.institution_id, me.person_id, door="api") as tx:
        yield tx
