"""A hospital's first roster, from the file to the last row, beside the same rows inserted by hand."""

import asyncpg
import pytest

from services.directory.app import build
from shared.platform.settings import LOCAL_CONTACTS_KEY
from shared.testing.running import run_service
from shared.testing.stage import Engines, Stage, make_stage
from tests.bench.measuring import MOST_CPU, Bound, Figure, Lap
from tests.bench.report import Report
from tests.integration.directory.consortium import Consortium, found
from tests.unit.directory.rosters import a_roster

ROWS = 5_000
TABLES = ("people", "roles", "outbox")
"""What a roster fills; the ceiling has copies of them without triggers, walls and references."""


@pytest.mark.timeout(1800)
async def test_a_roster_is_imported_at_a_tenth_of_what_bare_inserts_take(
    engines: Engines, passwords: dict[str, str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSLER_CONTACTS_KEY", LOCAL_CONTACTS_KEY)
    rows = report.size(ROWS)
    stage = await make_stage(engines, passwords, ["directory"], stepped=False)
    figure = Figure("roster, preview and import", (Bound("per second", 0.1), Bound("µs CPU", None)))
    figure.note = f"its CPU reads, judges and seals each row; other figures allow {MOST_CPU:g} times the bare work's"
    async with run_service(stage, build(), watched=False) as directory:
        consortium = await found(directory)

        async def through_the_platform() -> Lap:
            return await _import(consortium, rows)

        async def by_hand() -> Lap:
            return await _insert(stage, rows)

        await _import(consortium, rows)  # leaves the rows that are inserted by hand
        await figure.measure(report.rounds, through_the_platform, by_hand)
    report.judge(figure)


async def _import(consortium: Consortium, rows: int) -> Lap:
    """As an administrator does it: send the file, see the preview, press the button."""
    hospital = await consortium.add_hospital()
    content = a_roster(*({"email": f"p{number}@hospital.example"} for number in range(rows)))
    lap = Lap(rows)
    with lap.running():
        done = await hospital.apply(content)
    assert done["counts"]["new"] == rows
    return lap


async def _insert(stage: Stage, rows: int) -> Lap:
    """What the last import wrote, by `executemany` in one transaction, into tables that nobody guards."""
    connection = await asyncpg.connect(stage.admin_url, server_settings={"search_path": "directory"})
    lap = Lap(rows)
    try:
        work = [await _prepare(connection, table, rows) for table in TABLES]
        with lap.running():
            async with connection.transaction():
                for statement, values in work:
                    await connection.executemany(statement, values)
    finally:
        await connection.close()
    return lap


async def _prepare(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, rows: int
) -> tuple[str, list[tuple[object, ...]]]:
    """An empty copy of a table, and the statement and the values that fill it with the newest rows."""
    columns = await connection.fetch(
        """
        SELECT attname FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND attgenerated = '' AND attidentity = '' ORDER BY attnum
        """,
        table,
    )
    names = ", ".join(column["attname"] for column in columns)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    many = rows * (3 if table == "outbox" else 1)
    newest = await connection.fetch(f"SELECT {names} FROM {table} ORDER BY xmin::text::bigint DESC LIMIT {many}")
    await connection.execute(f"DROP TABLE IF EXISTS bare_{table}")
    await connection.execute(
        f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING INDEXES INCLUDING GENERATED INCLUDING IDENTITY)"
    )
    return f"INSERT INTO bare_{table} ({names}) VALUES ({places})", [tuple(row) for row in newest]
