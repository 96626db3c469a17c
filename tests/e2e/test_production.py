"""A real process in production: it names each problem it refuses to start with, and cannot be made to die."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from secrets import token_bytes, token_hex
from typing import Final

import asyncpg
import pytest

from shared.platform.crash import POINTS
from shared.platform.settings import LOCAL_CONTACTS_KEY, LOCAL_SIGN_IN_SECRET
from shared.testing.stage import Stage, with_login

_PATIENCE_SECONDS: Final = 60.0
_SERVICE: Final = ("-m", "services.pairing")

BAD: Final[Mapping[str, tuple[str, str]]] = {
    "stepped_clock": ("CLOCK", "stepped"),
    "insecure_issuer": ("ISSUER", "http://localhost:8080"),
    "loopback_issuer": ("ISSUER", "http://localhost:8080"),
    "weak_sign_in_secret": ("SIGN_IN_SECRET", LOCAL_SIGN_IN_SECRET),
    "weak_contacts_key": ("CONTACTS_KEY", LOCAL_CONTACTS_KEY),
    "weak_password": ("KAFKA_PASSWORD", "osler"),
    "plaintext_kafka": ("KAFKA_PROTOCOL", "SASL_PLAINTEXT"),
    "crash_points": ("CRASH_AT", "relay.send"),
}
"""The code of each problem, and the variable and value that make it."""


@asynccontextmanager
async def a_process(environment: Mapping[str, str], *arguments: str) -> AsyncGenerator[Process]:
    """A Python process with this environment alone; it does not outlive the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={**kept, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ends(environment: Mapping[str, str], *arguments: str) -> tuple[int | None, str, str]:
    """Exit code, output and errors of a process that ends by itself."""
    async with a_process(environment, *arguments) as process, asyncio.timeout(_PATIENCE_SECONDS):
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


def production(stage: Stage) -> dict[str, str]:
    """Settings with which production starts, on the real database."""
    return {
        **stage.environment("pairing"),
        "OSLER_ENV": "production",
        "OSLER_CLOCK": "real",
        "OSLER_KAFKA_PROTOCOL": "SASL_SSL",
        "OSLER_ISSUER": "https://id.hospital.example/realms/consortium",
        "OSLER_SIGN_IN_SECRET": token_hex(32),
        "OSLER_CONTACTS_KEY": b64encode(token_bytes(32)).decode(),
    }


async def a_superuser(stage: Stage) -> str:
    """The address of a superuser whose password nothing else is wrong with."""
    name, password = f"chief_{token_hex(4)}", token_hex(16)
    connection = await asyncpg.connect(stage.admin_url)
    try:
        sql = await connection.fetchval(
            "SELECT format('CREATE ROLE %I LOGIN SUPERUSER PASSWORD %L', $1::text, $2::text)", name, password
        )
        await connection.execute(sql)
    finally:
        await connection.close()
    return with_login(stage.admin_url, name, password)


async def test_production_starts_with_safe_settings_and_ends_when_told(stage: Stage) -> None:
    async with a_process(production(stage), *_SERVICE, "--role", "api") as process, asyncio.timeout(_PATIENCE_SECONDS):
        assert process.stdout is not None
        said = b""
        async for line in process.stdout:
            said += line
            if b'"started"' in line:
                break
        assert b'"started"' in said
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        assert process.returncode == 0


async def test_production_names_every_setting_that_is_only_for_ones_own_machine(stage: Stage) -> None:
    bad = {f"OSLER_{name}": value for name, value in BAD.values()}
    code, _, errors = await ends(production(stage) | bad, *_SERVICE)
    assert code not in {0, None}
    named = [line.strip().partition(":")[0] for line in errors.splitlines() if line.startswith("  ")]
    assert sorted(named) == sorted(BAD)
    assert "Traceback" not in errors
    for value in (LOCAL_SIGN_IN_SECRET, LOCAL_CONTACTS_KEY):
        assert value not in errors


@pytest.mark.parametrize("login", ["APP", "WORKER"])
async def test_production_refuses_a_login_that_no_wall_binds(login: str, stage: Stage) -> None:
    # The local administrator's own password may be short, and would be refused before anybody asks whose it is.
    superuser = await a_superuser(stage)
    code, _, errors = await ends(production(stage) | {f"OSLER_{login}_DATABASE": superuser}, *_SERVICE)
    assert code not in {0, None}
    assert "superuser_login: " in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(("environment", "reached"), [("production", True), ("test", False)])
async def test_in_production_a_crash_point_is_an_empty_function(environment: str, reached: bool) -> None:
    code = "from shared.platform import crash; [crash.at(point) for point in crash.POINTS]; print(crash.at.__name__)"
    told = {"OSLER_ENV": environment, "OSLER_CRASH_AT": POINTS[-1]}
    ended, out, _ = await ends(told, "-c", code)
    assert (ended, out.strip()) == ((0, "_nothing") if reached else (86, ""))
