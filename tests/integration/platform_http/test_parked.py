"""What waits, by HTTP and by command: who operates sees why, decides, and leaves a trace; nobody else gets in."""

import asyncio
import os
import pwd
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app as osler
from shared.contracts.event import Role
from shared.contracts.pairing import PairResumed
from shared.platform.consumer import EventConsumer, operators
from shared.platform.consumer.batch import BatchApplier
from shared.platform.consumer.records import read
from shared.platform.database import Transaction
from shared.platform.errors import Refused
from shared.platform.service import Service
from shared.platform.timers import Timers
from shared.testing.running import Running, record_of, run_service
from shared.testing.stage import START, Stage
from tests.unit.platform_http.making import NO_DATABASE

OTHERS = [role for role in get_args(Role) if role != "consortium_administrator"]


@dataclass
class Desk:
    """A service whose events can wait, and whoever operates it."""

    running: Running
    consumer: str
    refused: set[UUID]
    applied: list[tuple[UUID, int]]
    operator_id: UUID = field(default_factory=uuid4)

    async def hear(self, pair_id: UUID, *versions: int) -> None:
        """Deliver these versions of a pair, and let what is due be tried again."""
        await self.running.deliver(*(resumed(pair_id, version) for version in versions))

    @asynccontextmanager
    async def operator(self) -> AsyncGenerator[httpx.AsyncClient]:
        """The operator's requests about this test's consumer."""
        async with self.running.client(self.operator_id, uuid4(), ["consortium_administrator"]) as http:
            http.params = httpx.QueryParams(consumer=self.consumer)
            yield http

    async def decide(self, what: str, pair_id: UUID, version: int, reason: str = "by phone") -> httpx.Response:
        """Make a decision about the version."""
        async with self.operator() as http:
            return await http.post(f"/parked/{pair_id}/{what}", json={"version": version, "reason": reason})

    async def command(self, *words: str, **environment: str) -> Result:
        """Decide by command, about what waits for this test's consumer."""
        there = {"OSLER_WORKER_DATABASE": self.running.stage.database("pairing_worker"), "SUDO_USER": None}
        said = ["parked", words[0], "pairing", *words[1:], "--consumer", self.consumer]
        return await asyncio.to_thread(CliRunner().invoke, osler, said, env={**there, **environment})

    async def decisions(self) -> list[tuple[Any, ...]]:
        """Every decision that is kept, whoever looks."""
        rows = await self.running.rows(
            """
            SELECT decided_by, decision, version, reason FROM parked_decisions WHERE consumer = $1 ORDER BY decided_at
            """,
            self.consumer,
        )
        return [tuple(row) for row in rows]

    async def waiting(self) -> list[int]:
        """The versions that wait."""
        rows = await self.running.rows("SELECT version FROM parked WHERE consumer = $1 ORDER BY 1", self.consumer)
        return [row["version"] for row in rows]


def resumed(pair_id: UUID, version: int) -> PairResumed:
    return PairResumed(
        pair_id=pair_id,
        mentor_id=uuid4(),
        mentee_id=uuid4(),
        mentor_institution_id=pair_id,
        mentee_institution_id=pair_id,
        version=version,
        occurred_at=START,
        institution_ids=(pair_id,),
    )


@pytest.fixture
async def desk(edge_stage: Stage) -> AsyncGenerator[Desk]:
    consumer, refused, applied = EventConsumer(f"pairing.{uuid4().hex[:8]}"), set[UUID](), list[tuple[UUID, int]]()

    @consumer.on(PairResumed)
    async def on_pair_resumed(_: Transaction, event: PairResumed) -> None:
        if event.pair_id in refused:
            raise Refused
        applied.append((event.pair_id, event.version))

    async with AsyncExitStack() as stack:
        service = Service("pairing", events=(consumer,), timers=Timers("pairing"))
        running = await stack.enter_async_context(run_service(edge_stage, service))
        yield Desk(running, consumer.name, refused, applied)


async def test_a_gap_is_seen_without_what_the_event_says_and_accepted(desk: Desk):
    late = resumed(uuid4(), 3)
    a = late.pair_id
    await desk.running.deliver(late)
    async with desk.operator() as http:
        listed, shown = await http.get("/parked"), await http.get(f"/parked/{a}")
    [row] = listed.raise_for_status().json()["items"]
    assert (row["aggregate_id"], row["version"], row["reason"], row["waiting"]) == (str(a), 3, "gap", 1)
    [event] = shown.raise_for_status().json()["items"]
    assert (event["version"], event["type"], event["bytes"] > 100) == (3, PairResumed.type, True)
    assert str(late.mentor_id) not in listed.text + shown.text

    assert (await desk.decide("accept", a, 3)).status_code == 204
    await desk.running.deliver()
    assert (desk.applied, await desk.waiting()) == ([(a, 3)], [])
    assert await desk.decisions() == [(str(desk.operator_id), "accept", 3, "by phone")]
    records = await desk.running.rows(
        "SELECT operation, outcome, reason FROM audit_records WHERE person_id = $1", desk.operator_id
    )
    assert [tuple(record) for record in records] == [("pairing.accept_gap", "done", "by phone")]


async def test_a_refused_event_is_retried_and_discarded(desk: Desk):
    a = uuid4()
    desk.refused.add(a)
    await desk.hear(a, 1, 2)
    assert (await desk.decide("retry", a, 1)).status_code == 204
    await desk.running.deliver()
    assert await desk.waiting() == [1, 2]

    desk.refused.clear()
    assert (await desk.decide("discard", a, 1)).status_code == 204
    await desk.running.deliver()
    assert (desk.applied, await desk.waiting()) == ([(a, 2)], [])
    assert [(what, version) for _, what, version, _ in await desk.decisions()] == [("retry", 1), ("discard", 1)]


@pytest.mark.parametrize("what", ["retry", "discard", "accept"])
async def test_a_decision_about_an_event_that_is_not_the_lowest_any_more_changes_nothing(what: str, desk: Desk):
    a = uuid4()
    await desk.hear(a, 3, 4)
    answer = await desk.decide(what, a, 4)
    assert (answer.status_code, answer.json()["code"]) == (409, "another_head")
    assert (await desk.waiting(), await desk.decisions()) == ([3, 4], [])
    rows = await desk.running.rows("SELECT version FROM inbox WHERE consumer = $1", desk.consumer)
    assert [row["version"] for row in rows] == [0]


async def test_a_command_decides_about_the_version_that_was_shown_and_says_which_is_the_lowest_now(desk: Desk):
    a, me = uuid4(), pwd.getpwuid(os.getuid()).pw_name
    desk.refused.add(a)
    await desk.hear(a, 1, 2)
    words = (str(a), "--version", "1", "--reason", "by phone")

    done = await desk.command("discard", *words, USER="somebody else", LOGNAME="somebody else")
    late = [await desk.command(what, *words) for what in ("discard", "retry", "accept")]

    assert done.exit_code == 0, done.output
    assert [(again.exit_code, "2 now" in str(again.exception)) for again in late] == [(1, True)] * 3
    assert await desk.waiting() == [2]
    assert await desk.decisions() == [(f"command line: {me}", "discard", 1, "by phone")]


async def test_a_command_decides_about_one_event_only_with_its_version(desk: Desk):
    a = uuid4()
    await desk.hear(a, 3, 4)
    for what in ("retry", "discard", "accept"):
        assert (await desk.command(what, str(a), "--reason", "by phone")).exit_code != 0
    assert (await desk.waiting(), await desk.decisions()) == ([3, 4], [])

    assert (await desk.command("accept", str(a), "--version", "3", "--reason", "by phone")).exit_code == 0
    assert [(what, version) for _, what, version, _ in await desk.decisions()] == [("accept", 3)]


async def test_what_does_not_wait_cannot_be_decided(desk: Desk):
    answer = await desk.decide("discard", uuid4(), 1)
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_parked")
    a = uuid4()
    desk.refused.add(a)
    await desk.hear(a, 1)
    answer = await desk.decide("accept", a, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_gap")
    for form in ({"version": 1}, {"version": 0, "reason": "x"}, {"version": 2**63, "reason": "x"}, {"reason": "x"}):
        async with desk.operator() as http:
            assert (await http.post(f"/parked/{a}/discard", json=form)).status_code == 422
    assert (await desk.waiting(), await desk.decisions()) == ([1], [])


async def test_every_gap_of_a_topic_is_accepted_at_once(desk: Desk):
    pairs = sorted(uuid4() for _ in range(3))
    for a in pairs:
        await desk.hear(a, 2)
    async with desk.operator() as http:
        for topic, gaps in (("osler.meetings", 0), ("osler.pairing", 3)):
            answer = await http.post("/parked/accept-gaps", json={"topic": topic, "reason": "the log began late"})
            assert answer.json() == {"accepted": gaps}
    await desk.running.deliver()
    assert (sorted(desk.applied), await desk.waiting()) == ([(a, 2) for a in pairs], [])


async def test_the_list_has_records_that_nobody_could_read_and_timers_that_failed(desk: Desk):
    record, subject_id = record_of(resumed(uuid4(), 1)), uuid4()
    record.headers = ()
    await BatchApplier(desk.running.worker, desk.running.service.events[0]).apply([read(record)])
    await desk.running.worker.pool.execute(
        "INSERT INTO timers (kind, subject_id, due_at, attempts, reason) VALUES ('x', $1, now(), 3, 'bug')", subject_id
    )
    async with desk.operator() as http:
        items = (await http.get("/parked")).raise_for_status().json()["items"]
    assert [item["offset"] for item in items if "offset" in item] == [record.offset]
    assert [item["attempts"] for item in items if item.get("subject_id") == str(subject_id)] == [3]


@pytest.mark.parametrize("role", OTHERS)
async def test_another_role_is_refused_and_takes_none_of_the_consumers_connections(role: Role, desk: Desk):
    await desk.hear(uuid4(), 2)
    [waiting] = await desk.running.rows("SELECT aggregate_id FROM parked WHERE consumer = $1", desk.consumer)
    state = desk.running.http.state
    state.edge = replace(state.edge, worker=NO_DATABASE)
    async with desk.running.client(uuid4(), uuid4(), [role]) as http:
        answers = [
            await http.get("/parked"),
            await http.get(f"/parked/{waiting[0]}"),
            *[
                await http.post(f"/parked/{path}", json={"version": 2, "topic": "osler.pairing", "reason": "x"})
                for path in ("accept-gaps", *(f"{waiting[0]}/{act}" for act in ("retry", "discard", "accept")))
            ],
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 6
    assert (await desk.waiting(), await desk.decisions()) == ([2], [])


async def test_the_help_of_the_list_names_every_field_that_the_list_shows(desk: Desk):
    await desk.hear(uuid4(), 2)
    await desk.running.rows(
        """
        WITH a_record AS (
            INSERT INTO unreadable (consumer, topic, partition, "offset", headers, reason)
            VALUES ($1, 'osler.pairing', 0, 7, '', 'missing_header'))
        INSERT INTO timers (kind, subject_id, due_at, attempts, reason)
        VALUES ($1, gen_random_uuid(), now(), 1, 'trying')
        """,
        desk.consumer,
    )
    async with desk.running.worker.transaction() as tx:
        fields = {field for row in await operators.list_parked(tx, desk.consumer) for field in row}
    assert {"aggregate_id", "offset", "kind"} < fields
    said = CliRunner().invoke(osler, ["parked", "list", "--help"])
    assert fields - set(re.findall(r"\w+", said.output)) == set()


def test_every_service_that_may_let_something_wait_answers_for_it():
    assert [operation.name for operation in Service("x", events=(EventConsumer("x"),)).routes[0].operations] == [
        "list_parked", "show_parked", "retry_parked", "discard_parked", "accept_gap", "accept_gaps"
    ]  # fmt: skip
    assert Service("x", timers=Timers("x")).routes
    assert not Service("x").routes
