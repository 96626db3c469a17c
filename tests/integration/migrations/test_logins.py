"""The logins of a service on a real PostgreSQL: what each may, for how long it may wait, and who can make them."""

import asyncio
from datetime import UTC, datetime
from secrets import token_hex

import asyncpg
import pytest

from shared.platform.migrations import migrate, prepare_logins, prepare_stepped_clock
from shared.platform.migrations.logins import DUTIES
from shared.platform.settings import SettingsRefused, refuse_superuser
from shared.testing.stage import Engines, Stage, make_stage, with_login
from tests.integration.migrations.conftest import Connection


def _passwords(service: str) -> dict[str, str]:
    return {f"{service}_{duty}": token_hex(12) for duty in DUTIES}


@pytest.fixture(scope="package")
async def ground(engines: Engines, passwords: dict[str, str]) -> Stage:
    """A database for this file."""
    return await make_stage(engines, passwords, ["pairing"], stepped=False)


@pytest.mark.parametrize(
    ("duty", "timeouts"), [("app", ("5s", "2s", "10s")), ("worker", ("0", "5s", "1min")), ("migrate", ("0", "0", "0"))]
)
async def test_each_login_waits_no_longer_than_its_work_allows(
    duty: str, timeouts: tuple[str, str, str], ground: Stage
) -> None:
    connection: Connection = await asyncpg.connect(ground.database(f"pairing_{duty}"))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    found = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
    await connection.close()
    assert tuple(found) == timeouts


async def test_a_login_sees_no_schema_but_its_own(ground: Stage) -> None:
    connection: Connection = await asyncpg.connect(ground.database("pairing_worker"))
    rows = await connection.fetch(
        """
        SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')
            AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
        """
    )
    await connection.close()
    assert [row["nspname"] for row in rows] == ["pairing"]


@pytest.mark.parametrize("duty", ["app", "worker"])
async def test_a_login_cannot_become_another_or_make_anything(duty: str, ground: Stage) -> None:
    connection: Connection = await asyncpg.connect(ground.database(f"pairing_{duty}"))
    for statement in (
        "SET ROLE pairing_owner",
        "CREATE TABLE t (a int)",
        "CREATE TEMP TABLE t (a int)",
        "CREATE SCHEMA s",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_preparing_twice_changes_passwords_and_nothing_else(ground: Stage) -> None:
    service = f"garden_{token_hex(4)}"
    before, after = _passwords(service), _passwords(service)
    await prepare_logins(ground.admin_url, [service], before)
    await prepare_logins(ground.admin_url, [service], after)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(with_login(ground.admin_url, f"{service}_app", before[f"{service}_app"]))
    connection: Connection = await asyncpg.connect(
        with_login(ground.admin_url, f"{service}_app", after[f"{service}_app"])
    )
    await connection.close()


async def test_two_databases_of_one_server_can_be_prepared_at_once(
    ground: Stage, engines: Engines, passwords: dict[str, str]
) -> None:
    other = await make_stage(engines, passwords, (), stepped=False)
    for _ in range(15):
        names = [f"garden_{token_hex(4)}" for _ in range(3)]
        words = {login: word for name in names for login, word in _passwords(name).items()}
        for _ in range(2):  # roles that nobody has yet, and roles that are there
            await asyncio.gather(*(prepare_logins(each.admin_url, names, words) for each in (ground, other) * 2))


async def test_passwords_reach_the_server_only_as_verifiers(ground: Stage) -> None:
    connection: Connection = await asyncpg.connect(ground.admin_url)
    stored = await connection.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = 'pairing_app'")
    await connection.close()
    assert stored.startswith("SCRAM-SHA-256$4096:")


async def test_a_login_that_was_made_too_strong_is_refused(ground: Stage) -> None:
    service = f"garden_{token_hex(4)}"
    passwords = _passwords(service)
    connection: Connection = await asyncpg.connect(ground.admin_url)
    await connection.execute(f"CREATE ROLE {service}_app BYPASSRLS")
    try:
        with pytest.raises(asyncpg.RaiseError, match=f"{service}_app"):
            await prepare_logins(ground.admin_url, [service], passwords)
        assert await connection.fetchval("SELECT to_regrole($1)", f"{service}_owner") is None
    finally:
        await connection.execute(f"DROP ROLE {service}_app")
        await connection.close()


@pytest.mark.parametrize("service", ["Garden", "garden; DROP", "1garden", "g" * 42, ""])
async def test_a_name_that_cannot_be_a_schema_is_refused(service: str, ground: Stage) -> None:
    with pytest.raises(ValueError, match="cannot name a schema"):
        await prepare_logins(ground.admin_url, [service], {})


@pytest.mark.parametrize("password", ["", "short", "pässwörter", "line\nbreak"])
async def test_a_password_that_two_sides_could_read_differently_is_refused(password: str, ground: Stage) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        await prepare_logins(ground.admin_url, ["garden"], {f"garden_{duty}": password for duty in DUTIES})


async def test_an_administrator_without_superuser_can_prepare_and_the_service_can_migrate(engines: Engines) -> None:
    """As on a managed PostgreSQL: the administrator owns the database and may create roles, and no more."""
    word, database = token_hex(12), f"managed_{token_hex(4)}"
    root: Connection = await asyncpg.connect(engines.admin_url)
    await root.execute(f"CREATE ROLE {database} LOGIN CREATEROLE PASSWORD '{word}'")
    await root.execute(f"CREATE DATABASE {database} OWNER {database}")
    await root.close()
    admin_url = with_login(engines.admin_url, database, word).replace("/osler", f"/{database}")
    service = f"garden_{token_hex(4)}"
    passwords = _passwords(service)
    for _ in range(2):
        await prepare_logins(admin_url, [service], passwords)
    assert (
        await migrate(with_login(admin_url, f"{service}_migrate", passwords[f"{service}_migrate"]), service, []) == []
    )


async def test_the_stepped_clock_stands_where_it_was_left(engines: Engines, passwords: dict[str, str]) -> None:
    stage = await make_stage(engines, passwords, (), stepped=True)
    later = datetime(2028, 2, 2, tzinfo=UTC)
    await stage.step_to(later)
    await prepare_stepped_clock(stage.admin_url, ["pairing"], datetime(2027, 1, 1, tzinfo=UTC))
    for duty in ("app", "worker"):
        connection: Connection = await asyncpg.connect(stage.database(f"pairing_{duty}"))
        assert await connection.fetchval("SELECT now FROM osler_local.clock") == later
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE osler_local.clock SET now = now()")
        await connection.close()


async def test_only_logins_that_row_level_security_binds_may_serve(ground: Stage) -> None:
    for duty in ("app", "worker"):
        connection: Connection = await asyncpg.connect(ground.database(f"pairing_{duty}"))
        await refuse_superuser(connection)
        await connection.close()
    for url, named in ((ground.admin_url, "osler_admin"), (ground.database("pairing_migrate"), "pairing_owner")):
        connection = await asyncpg.connect(url, server_settings={"search_path": "pairing"})
        with pytest.raises(SettingsRefused, match=named):
            await refuse_superuser(connection)
        await connection.close()
