"""Brings one service's schema up to date; refuses edited, missing and late files, and never goes back."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

import asyncpg

_FILE: Final = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")
_LOCK_TIMEOUT: Final = "5s"  # a migration that waits for a lock makes every request behind it wait too

# `set_config('role', …)` is SET LOCAL ROLE with an argument. With `row_security` off, a statement that row-level
# security would silently narrow fails instead: under FORCE the owner, too, sees no rows. Bodies of functions cannot be
# checked so; that is done afterwards.
_BEGIN: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('osler migrations of ' || $1, 0)),
    set_config('role', $1 || '_owner', true), set_config('search_path', $1, true),
    set_config('lock_timeout', $2, true), set_config('row_security', 'off', true),
    set_config('check_function_bodies', 'off', true)
"""
_CHECK_LIKE_A_CALLER: Final = """
SELECT set_config('row_security', 'on', true), set_config('check_function_bodies', 'on', true)
"""
_CHECK_BODIES: Final = """
SELECT CASE l.lanname WHEN 'sql' THEN fmgr_sql_validator(p.oid) WHEN 'plpgsql' THEN plpgsql_validator(p.oid) END
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = current_schema()::regnamespace
"""
_LEDGER: Final = """
CREATE TABLE IF NOT EXISTS migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class MigrationRefused(Exception):
    """The files and the database do not fit together. Nothing was changed."""


@dataclass(frozen=True)
class Migration:
    """One file: `name` is `<platform or service>/<file>`, `checksum` the SHA-256 of its text."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What tells an edited file from the one that was applied; line ends do not count."""
        return hashlib.sha256("\n".join(self.sql.splitlines()).encode()).hexdigest()


async def migrate(migrate_url: str, service: str, files: Sequence[Migration] | None = None) -> list[str]:
    """Apply what `service`'s schema has not seen yet, each file in a transaction of its own, and name what was applied.

    Two runners at once do no harm: the second finds the work done.
    Raises MigrationRefused, or PostgreSQL's own error with the file's name added as a note.
    """
    files = migrations(service) if files is None else files
    applied: list[str] = []
    connection = await asyncpg.connect(migrate_url, timeout=10)
    try:
        while True:
            async with connection.transaction():
                await connection.execute(_BEGIN, service, _LOCK_TIMEOUT)
                await _make_ledger(connection)
                pending = _pending(files, await _seen(connection))
                if not pending:
                    return applied
                await _apply(connection, pending[0])
            applied.append(pending[0].name)
    finally:
        await connection.close()


async def build_whole(migrate_url: str, service: str) -> None:
    """Build an empty schema from today's whole truth, `schema.sql`, instead of from the service's migrations.

    The result is compared with a migrated one by `describe`; a running system is only ever migrated.
    """
    truth = Migration(f"{service}/schema.sql", _text(resources.files(f"services.{service}") / "schema.sql"))
    await migrate(migrate_url, service, [*read_folder("platform", _platform()), truth])


def migrations(service: str) -> list[Migration]:
    """Every file that makes `service`'s schema, in order: the platform's own first. Raises MigrationRefused."""
    own = resources.files(f"services.{service}") / "migrations"
    return read_folder("platform", _platform()) + read_folder(service, own)


def _platform() -> Traversable:
    return resources.files("shared.platform.migrations") / "sql"


def read_folder(origin: str, folder: Traversable) -> list[Migration]:
    """The SQL files of a folder, in order; raises MigrationRefused for names without a number, or with the same."""
    if not folder.is_dir():
        return []
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    for before, name in zip(["", *names], names, strict=False):
        if not _FILE.match(name):
            message = f"{origin}/{name} is not named like 0001_what_it_does.sql. Nothing was changed."
            raise MigrationRefused(message)
        if before[:4] == name[:4]:
            message = f"{origin}/{before} and {origin}/{name} have one number. Nothing was changed; renumber one."
            raise MigrationRefused(message)
    return [Migration(f"{origin}/{name}", _text(folder / name)) for name in names]


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


async def _make_ledger(connection: Any) -> None:
    if await connection.fetchval("SELECT to_regclass('migrations') IS NULL"):
        await connection.execute(_LEDGER)


async def _seen(connection: Any) -> dict[str, str]:
    rows = await connection.fetch("SELECT name, checksum FROM migrations ORDER BY name")
    return {row["name"]: row["checksum"] for row in rows}


def _pending(files: Sequence[Migration], seen: dict[str, str]) -> list[Migration]:
    """The files that the database has not seen, once everything it has seen is as it was."""
    known = {file.name: file for file in files}
    for name, checksum in seen.items():
        if name not in known:
            message = (
                f"The database has seen {name}, which is not here: it was brought up to date by another version,"
                " or the file was renamed. Nothing was changed."
            )
            raise MigrationRefused(message)
        if known[name].checksum != checksum:
            message = f"{name} was edited after it was applied. Nothing was changed; put it back and write a new file."
            raise MigrationRefused(message)
    pending = [file for file in files if file.name not in seen]
    for file in pending:
        later = [name for name in seen if name.split("/")[0] == file.name.split("/")[0] and name > file.name]
        if later:
            message = f"{file.name} comes before {min(later)}, which was applied. Nothing was changed; renumber it."
            raise MigrationRefused(message)
    return pending


async def _apply(connection: Any, file: Migration) -> None:
    """Run one file and write it down; both commit together, so a file can be half applied never."""
    try:
        before = await connection.fetchval("SELECT pg_current_xact_id()::text")
        await connection.execute(file.sql)
        if await connection.fetchval("SELECT pg_current_xact_id()::text") != before:
            message = f"{file.name} ends its own transaction. What stood before that is applied: repair it by hand."
            raise MigrationRefused(message)
        await connection.execute(_CHECK_LIKE_A_CALLER)
        await connection.execute(_CHECK_BODIES)
        await connection.execute("INSERT INTO migrations (name, checksum) VALUES ($1, $2)", file.name, file.checksum)
    except asyncpg.PostgresError as error:
        error.add_note(f"in {file.name}; nothing of this file was applied")
        raise
