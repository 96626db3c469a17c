"""Walls without what stands in front of them: tables whose rows need hold nothing but whose they are.

A stripped table keeps its grants, its policies and its columns; keys, checks, references and triggers are gone, so that
a row of any table, also of one that a later migration brings, is made by naming its institutions alone.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

from shared.testing.stage import Stage

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Not-null constraints of identity columns belong to the identity.
_STRIP: Final = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', k.conrelid::regclass, k.conname)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE pg_get_userbyid(n.nspowner) LIKE '%\\_owner' AND NOT (k.contype = 'n' AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey) AND a.attidentity <> ''
    ))
    ORDER BY array_position(ARRAY['f', 'p', 'u', 'x', 'c', 'n']::"char"[], k.contype)
"""
_QUIET: Final = """
    SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', c.oid::regclass)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE pg_get_userbyid(n.nspowner) LIKE '%\\_owner' AND c.relkind IN ('r', 'p')
"""

# A row is its institution's where a column is called `institution_id`; else it is of every institution that it names.
# In the first case other columns may name an institution too: being named in a row is not owning it.
_TABLES: Final = """
    WITH columns AS (
        SELECT c.oid AS relid, c.relname, a.attname, a.attnum, format('%I', a.attname) AS quoted,
            a.attname = 'institution_id' AS is_only_owner,
            a.attname = 'institution_id' OR a.attname LIKE '%\\_institution\\_id' AS names_institution,
            a.attname IN ('person_id', 'author_id') AS names_person,
            has_column_privilege($2, c.oid, a.attnum, 'UPDATE') AND a.attgenerated = '' AND a.attidentity = ''
                AS is_written
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm')
    ), owned AS (
        SELECT *, names_institution AND (is_only_owner OR NOT bool_or(is_only_owner) OVER (PARTITION BY relid)) AS owns
        FROM columns
    ), given AS (
        SELECT *, CASE
            WHEN owns THEN format('owners[%s]', row_number() OVER (PARTITION BY relid, owns ORDER BY attnum))
            WHEN names_institution THEN 'named'
            WHEN names_person THEN 'person'
        END AS value FROM owned
    )
    SELECT g.relname AS name, count(*) FILTER (WHERE owns) AS owners,
        has_any_column_privilege($2, g.relid, 'SELECT') AS is_read,
        has_any_column_privilege($2, g.relid, 'INSERT') AS is_added_to,
        format('SELECT count(*) FROM %I.%I', $1::text, g.relname) AS count_sql,
        format(
            'INSERT INTO %I.%I (%s) SELECT %s '
            'FROM (SELECT $1::uuid[] AS owners, $2::uuid AS person, $3::uuid AS named)',
            $1::text, g.relname, string_agg(quoted, ', ' ORDER BY attnum) FILTER (WHERE value IS NOT NULL),
            string_agg(value, ', ' ORDER BY attnum) FILTER (WHERE value IS NOT NULL)
        ) AS insert_sql,
        format('DELETE FROM %I.%I', $1::text, g.relname) AS empty_sql,
        coalesce(array_agg(format('UPDATE %I.%I SET %s = NULL', $1::text, g.relname, quoted))
            FILTER (WHERE is_written), '{}')
            || format('DELETE FROM %I.%I', $1::text, g.relname) AS change_sql,
        CASE WHEN bool_and(is_written) FILTER (WHERE owns) THEN format('UPDATE %I.%I SET %s', $1::text, g.relname,
            string_agg(format('%s = $1', quoted), ', ') FILTER (WHERE owns)) END AS give_away_sql
    FROM given g GROUP BY g.relid, g.relname HAVING bool_or(owns) ORDER BY g.relname
"""


@dataclass(frozen=True)
class Table:
    """A table whose rows belong to institutions, what the app login may do to it, and the statements that try it."""

    name: str
    owners: int
    is_read: bool
    is_added_to: bool
    count_sql: str
    insert_sql: str
    empty_sql: str
    change_sql: Sequence[str]
    give_away_sql: str | None


async def strip(stage: Stage) -> None:
    """Take everything from the tables of a stage that is not a wall."""
    connection: Connection = await asyncpg.connect(stage.admin_url)
    for statements in (_STRIP, _QUIET):
        for row in await connection.fetch(statements):
            await connection.execute(row[0])
    await connection.close()


async def tenant_tables(connection: Connection, service: str) -> list[Table]:
    """Every table or view of a service that has a column for an institution, as the catalogue knows it now."""
    return [Table(**row) for row in await connection.fetch(_TABLES, service, f"{service}_app")]


@asynccontextmanager
async def administrator(stage: Stage) -> AsyncGenerator[Connection]:
    """A connection that no wall binds."""
    connection: Connection = await asyncpg.connect(stage.admin_url)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class Login:
    """A service's app login, which tries things that are taken back at once."""

    connection: Connection

    async def attempt(self, context: tuple[UUID | None, UUID | None], sql: str, *args: Any) -> int | None:
        """How many rows a statement saw or changed with this institution and person as context; None where refused."""
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            await self.connection.execute(
                "SELECT set_config('osler.institution_id', $1, true), set_config('osler.person_id', $2, true)",
                *(str(each or "") for each in context),
            )
            if sql.startswith("SELECT"):
                return await self.connection.fetchval(sql, *args)
            return int((await self.connection.execute(sql, *args)).rpartition(" ")[2])
        except asyncpg.InsufficientPrivilegeError:
            return None
        finally:
            await transaction.rollback()


@asynccontextmanager
async def app_login(stage: Stage, service: str) -> AsyncGenerator[Login]:
    """The login that requests use, as the service itself signs in."""
    connection: Connection = await asyncpg.connect(
        stage.database(f"{service}_app"), server_settings={"search_path": service}
    )
    try:
        yield Login(connection)
    finally:
        await connection.close()
