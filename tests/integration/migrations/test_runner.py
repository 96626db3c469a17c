"""Migrations on a real PostgreSQL: each once, in order, whole or not at all, and never one that was edited."""

import asyncio
from dataclasses import dataclass
from secrets import token_hex

import asyncpg
import pytest

from shared.platform.migrations import MigrationRefused, migrate, prepare_logins
from shared.platform.migrations.logins import DUTIES
from shared.platform.migrations.runner import Migration, migrations, read_folder
from shared.testing.stage import Engines, Stage, make_stage, with_login
from tests.integration.migrations.conftest import Connection

_PLATFORM = [file for file in migrations("pairing") if file.name.startswith("platform/")]
_OF_PLATFORM = [file.name for file in _PLATFORM]
_PLANTS = Migration(
    "garden/0001_plants.sql",
    "CREATE TABLE plants (institution_id uuid, height int); CALL wall_by('plants', 'institution_id');",
)
_SEEDS = Migration("garden/0002_seeds.sql", "CREATE TABLE seeds (seed_id uuid PRIMARY KEY);")


@dataclass(frozen=True)
class Plot:
    """A schema of a test's own, with its logins."""

    service: str
    admin_url: str
    passwords: dict[str, str]

    async def apply(self, *files: Migration) -> list[str]:
        """Run the platform's migrations and these."""
        return await migrate(self.url("migrate"), self.service, [*_PLATFORM, *files])

    def url(self, duty: str) -> str:
        """The database as one of the logins."""
        login = f"{self.service}_{duty}"
        return with_login(self.admin_url, login, self.passwords[login])

    async def connect(self, duty: str) -> Connection:
        """A connection of one of the logins."""
        return await asyncpg.connect(self.url(duty))

    async def tables(self) -> set[str]:
        """The tables that are there."""
        connection: Connection = await asyncpg.connect(self.admin_url)
        try:
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", self.service)
            return {row["tablename"] for row in rows}
        finally:
            await connection.close()


@pytest.fixture(scope="package")
async def ground(engines: Engines, passwords: dict[str, str]) -> Stage:
    """A database for the plots of this file."""
    return await make_stage(engines, passwords, (), stepped=False)


@pytest.fixture
async def plot(ground: Stage) -> Plot:
    """A schema that nothing was applied to."""
    service = f"garden_{token_hex(4)}"
    passwords = {f"{service}_{duty}": token_hex(12) for duty in DUTIES}
    await prepare_logins(ground.admin_url, [service], passwords)
    return Plot(service, ground.admin_url, passwords)


async def test_each_file_is_applied_once_and_in_order(plot: Plot) -> None:
    assert await plot.apply(_PLANTS) == [*_OF_PLATFORM, "garden/0001_plants.sql"]
    assert await plot.apply(_PLANTS) == []
    assert await plot.apply(_PLANTS, _SEEDS) == ["garden/0002_seeds.sql"]
    assert {"plants", "seeds", "outbox"} <= await plot.tables()


async def test_runners_at_the_same_time_apply_each_file_once(plot: Plot) -> None:
    applied = await asyncio.gather(*(plot.apply(_PLANTS, _SEEDS) for _ in range(5)))
    assert sorted(name for names in applied for name in names) == [
        "garden/0001_plants.sql",
        "garden/0002_seeds.sql",
        *_OF_PLATFORM,
    ]


async def test_an_edited_file_that_was_applied_is_refused(plot: Plot) -> None:
    await plot.apply(_PLANTS)
    with pytest.raises(MigrationRefused, match=r"garden/0001_plants\.sql was edited"):
        await plot.apply(Migration(_PLANTS.name, _PLANTS.sql + " -- better"), _SEEDS)
    assert "seeds" not in await plot.tables()


async def test_line_ends_are_no_edit(plot: Plot) -> None:
    await plot.apply(Migration(_PLANTS.name, _PLANTS.sql + "\nSELECT 1;\n"))
    assert await plot.apply(Migration(_PLANTS.name, _PLANTS.sql + "\r\nSELECT 1;\r\n")) == []


async def test_an_older_version_does_not_touch_a_newer_schema(plot: Plot) -> None:
    await plot.apply(_PLANTS, _SEEDS)
    with pytest.raises(MigrationRefused, match=r"has seen garden/0002_seeds\.sql, which is not here"):
        await plot.apply(_PLANTS)


async def test_a_file_numbered_before_an_applied_one_is_refused(plot: Plot) -> None:
    await plot.apply(_SEEDS)
    with pytest.raises(MigrationRefused, match="comes before"):
        await plot.apply(_PLANTS, _SEEDS)


async def test_a_file_that_fails_leaves_nothing_and_keeps_those_before_it(plot: Plot) -> None:
    broken = Migration("garden/0002_seeds.sql", "CREATE TABLE seeds (seed_id uuid); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError) as failed:
        await plot.apply(_PLANTS, broken)
    assert failed.value.__notes__ == ["in garden/0002_seeds.sql; nothing of this file was applied"]
    tables = await plot.tables()
    assert "plants" in tables
    assert "seeds" not in tables
    assert await plot.apply(_PLANTS, _SEEDS) == ["garden/0002_seeds.sql"]


async def test_a_file_that_commits_by_itself_is_refused(plot: Plot) -> None:
    with pytest.raises(MigrationRefused, match="ends its own transaction"):
        await plot.apply(Migration("garden/0001_plants.sql", "CREATE TABLE plants (a int); COMMIT; BEGIN;"))


async def test_a_change_of_walled_rows_fails_instead_of_changing_none(plot: Plot) -> None:
    await plot.apply(_PLANTS)
    silent = Migration("garden/0002_taller.sql", "UPDATE plants SET height = 2;")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await plot.apply(_PLANTS, silent)
    loud = Migration(
        "garden/0002_taller.sql",
        "ALTER TABLE plants NO FORCE ROW LEVEL SECURITY; UPDATE plants SET height = 2;"
        "ALTER TABLE plants FORCE ROW LEVEL SECURITY;",
    )
    assert await plot.apply(_PLANTS, loud) == ["garden/0002_taller.sql"]


async def test_a_function_whose_body_is_wrong_is_refused(plot: Plot) -> None:
    wrong = Migration(
        "garden/0001_look.sql", "CREATE FUNCTION look() RETURNS int LANGUAGE sql AS 'SELECT a FROM nowhere';"
    )
    with pytest.raises(asyncpg.UndefinedTableError):
        await plot.apply(wrong)


async def test_a_migration_does_not_wait_long_for_a_lock(plot: Plot) -> None:
    await plot.apply(_SEEDS)
    holder: Connection = await asyncpg.connect(plot.admin_url)
    async with holder.transaction():
        await holder.execute(f"LOCK TABLE {plot.service}.seeds")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await plot.apply(_SEEDS, Migration("garden/0003_more.sql", "ALTER TABLE seeds ADD COLUMN colour text;"))
    await holder.close()


async def test_the_migrate_login_has_no_right_of_its_own(plot: Plot) -> None:
    await plot.apply(_SEEDS)
    connection = await plot.connect("migrate")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"SELECT * FROM {plot.service}.seeds")
    await connection.close()


@pytest.mark.parametrize(
    ("names", "complaint"),
    [(["0001_one.sql", "0001_other.sql"], "have one number"), (["first.sql"], "is not named like")],
)
def test_files_without_an_order_are_refused(
    names: list[str], complaint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("migrations")
    for name in names:
        (folder / name).write_text("SELECT 1;")
    with pytest.raises(MigrationRefused, match=complaint):
        read_folder("garden", folder)
