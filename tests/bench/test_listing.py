"""How long a mentee waits for the mentors whom they may ask, in a consortium of 50,000 people and 3,000 mentors."""

import time
from typing import Any

import asyncpg
import httpx
import pytest

from shared.testing.stage import Engines, make_stage
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report
from tests.bench.test_commands import issuing, serving
from tests.integration.pairing import crowd

ASKED = 200
LISTING_MS = 50.0


@pytest.mark.timeout(1800)
async def test_a_mentee_is_shown_whom_they_may_ask_within_50_ms(
    engines: Engines, passwords: dict[str, str], report: Report
) -> None:
    asked = report.size(ASKED)
    figure = Figure("listing mentors through HTTP", (Bound("p50 ms", None), Bound("p99 ms", LISTING_MS)))
    figure.note = "every page of 200 mentors until the last, by one mentee after the other"
    stage = await make_stage(engines, passwords, ["pairing"], stepped=False)
    connection: Any = await asyncpg.connect(stage.admin_url, server_settings={"search_path": "pairing"})
    try:
        await crowd.gather(connection)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    async with issuing() as signer, serving(stage, signer.issuer) as port:
        url = f"http://127.0.0.1:{port}"
        tokens = [signer.access_token(crowd.subject(number), "bench") for number in crowd.MENTEES[:asked]]
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await _lap(http, tokens[:20])
            for _ in range(report.rounds):
                figure.product.append(await _lap(http, tokens))
    report.judge(figure)


async def _lap(http: httpx.AsyncClient, tokens: list[str]) -> Lap:
    lap = Lap(len(tokens))
    with lap.running():
        for token in tokens:
            await _pages(http, token, lap)
    return lap


async def _pages(http: httpx.AsyncClient, token: str, lap: Lap) -> None:
    """All that one mentee is shown, and what they waited for each page."""
    after: dict[str, str] = {}
    mentors = 0
    while True:
        begun = time.perf_counter()
        answer = await http.get(
            "/mentors", params={"limit": "200"} | after, headers={"Authorization": f"Bearer {token}"}
        )
        lap.waits.append(time.perf_counter() - begun)
        listed = answer.raise_for_status().json()
        mentors += len(listed["items"])
        if listed["next"] is None:
            break
        after = {"after": listed["next"]}
    assert mentors > 1_000
