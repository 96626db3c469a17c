"""Row-level security with the policy table bypassed: what the app login of each service can do, by the database's word.

Tables are found in the catalogue, so that one that a later migration brings is tried without being listed here.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID, uuid4

import pytest

from shared.testing.stage import Stage
from tests.policy.bare import Connection, Login, Table, administrator, app_login, tenant_tables
from tests.policy.offered import SERVICES

A, B, C, STRANGER = uuid4(), uuid4(), uuid4(), uuid4()
"""Four institutions; the last one has nothing anywhere."""

PERSON: Final = {institution_id: uuid4() for institution_id in (A, B, C, STRANGER)}
"""Somebody of each, for tables that also look at the person."""

OPEN: Final = {"console.institutions": "the consortium's members are known to all of them by name"}
"""Tables without a wall, each with the reason; the app may only read them."""

BY_PERSON: Final = {"feedback.answers"}
"""Tables whose rows are their author's and not their institution's, so that rows have different authors here."""

ADDED_OTHERWISE: Final = {
    "directory.agreements": "only the consortium's administrator signs one",
    "feedback.answers": "only for an open request of the two",
}
"""Tables to which the app adds rows, and not merely because they are its own institution's."""

PLATFORM: Final = {
    "outbox": {"INSERT"},
    "audit_records": {"INSERT"},
    "idempotency_keys": {"SELECT", "INSERT", "UPDATE"},  # behind a wall and the person's own policy
    "timers": {"SELECT", "INSERT", "UPDATE", "DELETE"},  # random ids and instants: nothing that belongs to anybody
    "relay_leases": set[str](),
    "inbox": set[str](),
    "parked": set[str](),
    "unreadable": set[str](),
    "parked_decisions": set[str](),
    "partition_starts": set[str](),
    "members": set[str](),
    "past": set[str](),
    "recalls": set[str](),
    "migrations": set[str](),
}
"""What the app login may do to the platform's own tables, which hold every institution's rows."""

UNOWNED: Final = {
    "directory.contact_checks": {"SELECT", "INSERT"},  # when the log of contacts was read; nobody's data
    "notifications.beginnings": set[str](),
}
"""The same for tables of services in which no column names an institution."""


def owners_of_rows(table: Table) -> list[tuple[UUID, ...]]:
    """Whose the rows are that are put into a table."""
    return [(A,), (B,)] if table.owners == 1 else [(A, B), (B, A), (B, C), (B, B)]


def persons(service: str, table: Table, owners: Sequence[UUID], reader: UUID) -> UUID:
    """Whom a row names: the reader's person, so that nothing but the institution stands between them and it."""
    return PERSON[owners[0] if f"{service}.{table.name}" in BY_PERSON else reader]


async def breaches(stage: Stage, service: str, *tables: str) -> list[str]:
    """Each hole in the walls of these tables, or of all: what went through, or what did not and should."""
    found: list[str] = []
    async with administrator(stage) as admin, app_login(stage, service) as login:
        for table in await tenant_tables(admin, service):
            name = f"{service}.{table.name}"
            if name in OPEN or (tables and table.name not in tables):
                continue
            for reader in (A, B, C, STRANGER):
                async with rows_in(admin, service, table, reader):
                    found += [f"{name}: {hole}" async for hole in _holes(login, service, table, reader)]
    return found


@asynccontextmanager
async def rows_in(admin: Connection, service: str, table: Table, reader: UUID) -> AsyncGenerator[None]:
    """The rows, for one reader, and nothing else in the table."""
    for owners in owners_of_rows(table):
        await admin.execute(table.insert_sql, owners, persons(service, table, owners, reader), reader)
    yield
    await admin.execute(table.empty_sql)


async def _holes(login: Login, service: str, table: Table, reader: UUID) -> AsyncGenerator[str]:
    """What one reader reaches of the table, with their context and with none."""
    own = sum(reader in owners for owners in owners_of_rows(table))
    for context, mine in (((reader, PERSON[reader]), own), ((None, None), 0)):
        seen = await login.attempt(context, table.count_sql)
        if seen != (mine if table.is_read else None):
            yield f"{seen} rows seen where {mine} are the reader's"
        for sql in table.change_sql:
            changed = await login.attempt(context, sql)
            if changed is not None and changed > mine:
                yield f"{changed} rows changed where {mine} are the reader's: {sql}"
        for owners in owners_of_rows(table):
            added = await login.attempt(context, table.insert_sql, owners, PERSON[reader], reader)
            may = table.is_added_to and context[0] in owners and f"{service}.{table.name}" not in ADDED_OTHERWISE
            if added != (1 if may else None):
                yield f"{added or 'no'} rows added that name {owners.count(reader)} times the reader"
        others = next(each for each in (A, B) if each != reader)
        if table.give_away_sql and mine and await login.attempt(context, table.give_away_sql, others) is not None:
            yield "a row was given to another institution"


@pytest.mark.parametrize("service", SERVICES)
async def test_no_context_reaches_past_its_own_institution(service: str, bare: Stage) -> None:
    assert await breaches(bare, service) == []


async def test_what_has_no_wall_is_only_read(bare: Stage) -> None:
    async with administrator(bare) as admin:
        for name in OPEN:
            service, _, table = name.partition(".")
            assert await rights(admin, service, table) == {"SELECT"}


async def test_the_consortiums_administrator_reaches_institutions_and_agreements_and_no_person(bare: Stage) -> None:
    async with administrator(bare) as admin, app_login(bare, "directory") as login:
        await admin.execute(
            """
            INSERT INTO directory.members (person_id, institution_id, status, roles)
            VALUES ($1, $2, 'here', '{consortium_administrator}')
            """,
            PERSON[C],
            C,
        )
        for table in await tenant_tables(admin, "directory"):
            if table.name == "members" or not table.is_read:
                continue
            async with rows_in(admin, "directory", table, C):
                rows = owners_of_rows(table)
                reached = len(rows) if table.name in {"institutions", "agreements"} else sum(C in row for row in rows)
                context = (C, PERSON[C])
                assert await login.attempt(context, table.count_sql) == reached, table.name
                for sql in table.change_sql:
                    assert (await login.attempt(context, sql) or 0) <= reached, sql
        await admin.execute("DELETE FROM directory.members")


@pytest.mark.parametrize("service", SERVICES)
async def test_the_app_login_only_adds_to_the_platforms_tables(service: str, stage: Stage) -> None:
    async with administrator(stage) as admin:
        found = {name: await rights(admin, service, name) for name in await tables_of(admin, service)}
        owned = {table.name for table in await tenant_tables(admin, service)}
    assert found.keys() >= PLATFORM.keys()
    unowned = {name.partition(".")[2]: may for name, may in UNOWNED.items() if name.startswith(f"{service}.")}
    stated = PLATFORM | unowned
    assert {name: may for name, may in found.items() if name not in owned or name in PLATFORM} == stated


@pytest.mark.parametrize("service", SERVICES)
async def test_the_app_login_cannot_read_what_waits_or_who_may_sign_in(service: str, stage: Stage) -> None:
    looks = ("SELECT 1 FROM outbox", "SELECT 1 FROM inbox", "SELECT 1 FROM parked", "SELECT 1 FROM members")
    changes = ("DELETE FROM outbox", "DELETE FROM audit_records", "UPDATE members SET status = 'here'")
    async with app_login(stage, service) as login:
        for sql in (*looks, *changes):
            assert await login.attempt((A, PERSON[A]), sql) is None, sql


PLANTS: Final = {
    "a wall": ("CALL wall_by('plants', 'institution_id')", set[str]()),
    "no wall at all": ("SELECT", {"seen", "changed", "added", "given"}),
    "a wall that is not restrictive": (
        """
        ALTER TABLE plants ENABLE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON plants TO pairing_app USING (institution_id = (SELECT ctx_institution()));
        CREATE POLICY open ON plants TO pairing_app USING (true)
        """,
        {"seen", "changed", "added", "given"},
    ),
    "a wall for reading only": (
        """
        ALTER TABLE plants ENABLE ROW LEVEL SECURITY;
        CREATE POLICY reads ON plants FOR SELECT TO pairing_app USING (institution_id = (SELECT ctx_institution()));
        CREATE POLICY changes ON plants FOR UPDATE TO pairing_app USING (true);
        CREATE POLICY removes ON plants FOR DELETE TO pairing_app USING (true);
        CREATE POLICY adds ON plants FOR INSERT TO pairing_app WITH CHECK (true)
        """,
        {"changed", "added", "given"},
    ),
    "a wall that takes what it does not show": (
        """
        CALL wall_by('plants', 'institution_id');
        DROP POLICY tenant ON plants;
        CREATE POLICY tenant ON plants AS RESTRICTIVE TO pairing_app
            USING (institution_id = (SELECT ctx_institution())) WITH CHECK (true)
        """,
        {"added", "given"},
    ),
    "a view around the wall": (
        """
        CALL wall_by('plants', 'institution_id');
        ALTER TABLE plants NO FORCE ROW LEVEL SECURITY;
        CREATE VIEW flowers AS SELECT * FROM plants;
        GRANT SELECT ON flowers TO pairing_app
        """,
        {"seen"},
    ),
}
"""A table as a later migration may bring it, and what must be found about it."""


@pytest.mark.parametrize("plant", PLANTS)
async def test_a_hole_in_a_new_table_is_found_without_naming_it(plant: str, bare: Stage) -> None:
    sql, expected = PLANTS[plant]
    async with administrator(bare) as admin:
        await admin.execute("SET search_path = pairing; SET ROLE pairing_owner")
        await admin.execute(
            "CREATE TABLE plants (institution_id uuid, height int);"
            "GRANT SELECT, INSERT, UPDATE, DELETE ON plants TO pairing_app"
        )
        await admin.execute(sql)
        try:
            found = await breaches(bare, "pairing", "plants", "flowers")
        finally:
            await admin.execute("DROP TABLE plants CASCADE")
    assert {word for word in ("seen", "changed", "added", "given") if any(word in hole for hole in found)} == expected


async def tables_of(admin: Connection, service: str) -> list[str]:
    """The tables and views of a service."""
    rows = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p', 'v', 'm')",
        service,
    )
    return [row["relname"] for row in rows]


async def rights(admin: Connection, service: str, table: str) -> set[str]:
    """What the app login may do to a table, or to some column of it."""
    rows = await admin.fetch(
        """
        SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
        WHERE has_table_privilege($1::text || '_app', format('%I.%I', $1::text, $2::text), privilege)
            OR (privilege IN ('SELECT', 'INSERT', 'UPDATE')
                AND has_any_column_privilege($1 || '_app', format('%I.%I', $1::text, $2::text), privilege))
        """,
        service,
        table,
    )
    return {row["privilege"] for row in rows}
