"""How long a mentor waits for their yes, fifty times a second, while the whole platform runs on the same machine."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from shared.platform.loops import rest
from shared.testing.eventually import eventually
from tests.bench.measuring import Bound, Figure, Lap
from tests.bench.report import Report
from tests.e2e.life import ALDER, ST_BRIGIDS, done, everything_is_said, found, join, seen
from tests.e2e.up import Platform, osler_up
from tests.unit.directory.rosters import ADA, a_roster

RATE: Final = 50
SECONDS: Final = 20
ACCEPT_MS: Final = 40.0
MENTORS: Final = 20
"""New ones for every lap, each with the most places that a mentor may have."""
MENTEE: Final = {"role": "mentee", "level": "PGY-1", "places": "0", "shared_places": "0"}
CHIEF: Final = "c1@consortium.example"
LENDER, BORROWER = "a1@alder.example", "p10001@stbrigids.example"


@dataclass
class Hospitals:
    """One lends its mentors to the other; every mentee of both has an id."""

    platform: Platform
    people: dict[str, str] = field(default_factory=dict[str, str])
    """Ids by subject."""
    laps: int = 0


@pytest.mark.timeout(3600)
async def test_a_yes_is_answered_within_40_ms_at_50_a_second_beside_the_running_platform(
    report: Report, tmp_path: Path
) -> None:
    accepts = report.size(RATE * SECONDS)
    figure = Figure("accept through HTTP, 50/s", (Bound("p50 ms", None), Bound("p99 ms", ACCEPT_MS)))
    figure.note = "from the instant when it was due to be sent until it is answered; half of them are cross pairs"
    async with osler_up(tmp_path / "data") as platform:
        hospitals = await _founded(platform, accepts)
        await _lap(hospitals, accepts)
        for _ in range(report.rounds):
            figure.product.append(await _lap(hospitals, accepts))
    report.judge(figure)


async def _founded(platform: Platform, mentees: int) -> Hospitals:
    await found(platform, "real")
    for hospital in (ALDER, ST_BRIGIDS):
        await join(platform, CHIEF, hospital)
    hospitals = Hospitals(platform)
    for administrator in (LENDER, BORROWER):
        async with platform.client("directory", administrator) as http:
            await done(partial(http.post, "/programmes", json={"code": ADA["programme"], "name": "Internal medicine"}))
        rows = [MENTEE | {"external_id": f"t{number}"} for number in range(mentees // 2)]
        await _import(hospitals, administrator, rows)
    async with platform.client("directory", CHIEF) as http:
        listed = (await done(lambda: http.get("/institutions")))["items"]
        by_domain = {one["mail_domain"]: one["institution_id"] for one in listed}
        lender, borrower = (by_domain[hospital["mail_domain"]] for hospital in (ALDER, ST_BRIGIDS))
        now = datetime.now(UTC)  # noqa: TID251 - what an administrator types in
        terms: dict[str, Any] = {
            "lender_institution_id": lender,
            "borrower_institution_id": borrower,
            "cap": 100_000,
            "starts_at": (now - timedelta(days=1)).isoformat(),
            "notice_days": 30,
        }
        await done(lambda: http.post("/agreements", json=terms))
    return hospitals


async def _import(hospitals: Hospitals, administrator: str, rows: list[dict[str, str]]) -> None:
    """Add people to a roster, and learn their ids."""
    domain = administrator.partition("@")[2]
    mailed = [row | {"email": f"{row['external_id']}@{domain}", "name": row["external_id"]} for row in rows]
    async with hospitals.platform.client("directory", administrator) as http:
        draft = await done(
            lambda: http.post("/roster-imports", content=a_roster(*mailed), headers={"Content-Type": "text/csv"})
        )
        await done(lambda: http.post(f"/roster-imports/{draft['import_id']}/apply", json={"rows": "all"}))
        after: dict[str, str] = {}
        while True:
            listed = await done(partial(http.get, "/people", params={"limit": "200"} | after))
            hospitals.people |= {f"{one['external_id']}@{domain}": one["person_id"] for one in listed["items"]}
            if listed["next"] is None:
                return
            after = {"after": listed["next"]}


async def _lap(hospitals: Hospitals, accepts: int) -> Lap:
    """New mentors are proposed to everybody; when all that is said, they say yes one after the other."""
    hospitals.laps += 1
    mentors = [f"m{hospitals.laps}-{number}@alder.example" for number in range(MENTORS)]
    await _import(
        hospitals,
        LENDER,
        [
            {
                "external_id": mentor.partition("@")[0],
                "places": "100",
                "shared_places": "100",
            }
            for mentor in mentors
        ],
    )
    proposals = await _propose(hospitals, mentors, accepts)
    await eventually(partial(_is_quiet, hospitals.platform), within=120, every=0.5)
    async with _signed_in(hospitals.platform, mentors) as clients:
        return await _accept(clients, proposals)


async def _propose(hospitals: Hospitals, mentors: list[str], accepts: int) -> list[tuple[str, dict[str, Any]]]:
    """Each mentor to other mentees, in turn to one of their own hospital and to one of the other."""
    proposals: list[tuple[str, dict[str, Any]]] = []
    async with (
        hospitals.platform.client("pairing", LENDER) as lender,
        hospitals.platform.client("pairing", BORROWER) as borrower,
    ):
        for number in range(accepts // 2 * 2):
            mentor = mentors[number // 2 % len(mentors)]
            http, domain = (lender, "alder") if number % 2 else (borrower, "stbrigids")
            mentee = f"t{number // 2}@{domain}.example"
            both = {"mentor_id": hospitals.people[mentor], "mentee_id": hospitals.people[mentee]}
            proposals.append((mentor, await done(partial(http.post, "/pairs", json=both))))
    return proposals


async def _is_quiet(platform: Platform) -> bool:
    """Whether everything is said and heard, and every mail that may go has gone."""
    async with platform.administrator() as connection:
        mails = await connection.fetchval("SELECT count(*) FROM notifications.messages WHERE state = 'waiting'")
    return mails == 0 and await everything_is_said(platform)


@asynccontextmanager
async def _signed_in(platform: Platform, mentors: list[str]) -> AsyncGenerator[dict[str, httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield {mentor: await stack.enter_async_context(platform.client("pairing", mentor)) for mentor in mentors}


async def _accept(clients: dict[str, httpx.AsyncClient], proposals: list[tuple[str, dict[str, Any]]]) -> Lap:
    """Each is sent when it is due, whether those before it are answered or not: a slow answer hides no other."""
    lap = Lap(len(proposals))
    for client in clients.values():
        (await client.get("/pairs")).raise_for_status()
    begun = time.perf_counter()

    async def say_yes(number: int, mentor: str, proposal: dict[str, Any]) -> None:
        due = begun + number / RATE
        await rest(due - time.perf_counter())
        answer = await clients[mentor].post(f"/pairs/{proposal['pair_id']}/accept", headers=seen(proposal))
        lap.waits.append(time.perf_counter() - due)
        assert answer.is_success, answer.text

    with lap.running():
        await asyncio.gather(*(say_yes(number, *proposal) for number, proposal in enumerate(proposals)))
    return lap
