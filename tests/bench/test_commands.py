"""Commands with their state and their event: as use cases and through HTTP, beside asyncpg alone."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn

from deploy.local.issuer.app import Issuer, build
from deploy.local.issuer.clients import Client, Codes
from deploy.local.issuer.personas import Personas
from deploy.local.issuer.tokens import Signer, new_key
from deploy.local.ports import give_back, spare_port
from shared.platform.database import Database
from shared.testing.eventually import eventually
from shared.testing.stage import Stage
from tests.bench import town
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report
from tests.bench.town import CLIENTS, Town

COMMANDS = 16_000


@pytest.fixture(scope="package")
async def people(bench_stage: Stage) -> Town:
    """Who commands what."""
    return await town.found(bench_stage)


@asynccontextmanager
async def connections(stage: Stage) -> AsyncGenerator[list[Any]]:
    """The ceiling's own, with a login that no wall stands before."""
    opened = [
        await asyncpg.connect(stage.database("pairing_worker"), server_settings={"search_path": "pairing"})
        for _ in range(CLIENTS)
    ]
    try:
        yield opened
    finally:
        for connection in opened:
            await connection.close()


@pytest.mark.timeout(1800)
async def test_a_command_as_a_use_case_costs_little_more_than_its_statements(
    bench_stage: Stage, people: Town, report: Report
) -> None:
    figure = Figure("commands, use case", (Bound("per second", 0.75), Bound("µs CPU", None)))
    commands = report.size(COMMANDS)
    url = bench_stage.database("pairing_app")
    async with (
        Database.open(url, schema="pairing", size=CLIENTS) as database,
        connections(bench_stage) as bare,
    ):

        async def ours() -> Lap:
            await town.start_over(bench_stage)
            return await town.all_at_once(town.through_use_cases(database, people), commands)

        async def by_hand() -> Lap:
            await town.start_over(bench_stage)
            return await town.all_at_once(town.by_hand(bare, people), commands)

        await figure.measure(report.rounds, ours, by_hand)
    report.judge(figure)


@pytest.mark.timeout(1800)
async def test_a_command_through_http_keeps_a_third_of_the_pace(
    bench_stage: Stage, people: Town, report: Report
) -> None:
    figure = Figure("commands, HTTP", (Bound("per second", 0.3),))
    commands = report.size(COMMANDS)
    cpu: list[str] = []
    async with issuing() as signer, connections(bench_stage) as bare:
        tokens = [signer.access_token(town.subject(mentor), "bench") for mentor in people.mentors]

        async def through_http() -> Lap:
            await town.start_over(bench_stage)
            async with serving(bench_stage, signer.issuer) as port:
                said = await _send(people, tokens, port, commands // CLIENTS)
            cpu.append(f"{said['cpu_seconds'] / said['seconds']:.0%}")
            return Lap(commands // CLIENTS * CLIENTS, seconds=said["seconds"])

        async def by_hand() -> Lap:
            await town.start_over(bench_stage)
            return await town.all_at_once(town.by_hand(bare, people), commands)

        await figure.measure(report.rounds, through_http, by_hand)
    figure.note = f"the service relays meanwhile; its clients took of a core: {', '.join(cpu)}"
    report.judge(figure)


async def _send(people: Town, tokens: list[str], port: int, commands: int) -> dict[str, Any]:
    orders = {
        "port": port,
        "tokens": tokens,
        "pairs": [[str(pair_id) for pair_id in mine] for mine in people.pairs],
        "commands": commands,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.clients", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await child.communicate(json.dumps(orders).encode())
    said: dict[str, Any] = json.loads(answer)
    assert said["refused"] == []
    return said


@asynccontextmanager
async def issuing() -> AsyncGenerator[Signer]:
    """The local issuer, whose keys the service reads once."""
    port = spare_port()
    signer = Signer(f"http://127.0.0.1:{port}", new_key())
    issuer = Issuer(signer, Client("bench", "secret", ()), Personas([]), Codes(), "folder")
    give_back(port)
    server = uvicorn.Server(uvicorn.Config(build(issuer), port=port, log_level="warning", lifespan="off"))
    serving_it = asyncio.create_task(server.serve())
    try:
        yield signer
    finally:
        server.should_exit = True
        await serving_it


@asynccontextmanager
async def serving(stage: Stage, issuer: str) -> AsyncGenerator[int]:
    """Pairing's own process, as it runs in production but for its settings; it gives its port."""
    port = spare_port()
    more = {"OSLER_ISSUER": issuer, "OSLER_HTTP_PORT": str(port)}
    give_back(port)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.pairing", "--role", "api",
        env=os.environ | stage.environment("pairing") | more,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

            async def ready() -> bool:
                try:
                    return (await http.get("/readyz")).is_success
                except httpx.TransportError:
                    return False

            await eventually(ready, within=60, every=0.2)
        yield port
    finally:
        child.terminate()
        await child.wait()
