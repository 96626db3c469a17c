"""The tests' own way in: a refusal that leaves anything behind fails, whichever test meets it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import uuid4

import httpx
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.service import Service
from shared.platform.timers import Timers
from shared.testing.running import Running, run_service
from shared.testing.stage import Stage

ADD: LiteralString = "INSERT INTO timers (kind, subject_id, due_at) VALUES ('trace', $1, now())"
CHANGE: LiteralString = "UPDATE timers SET attempts = 1 WHERE subject_id = $1"
REMOVE: LiteralString = "DELETE FROM timers WHERE subject_id = $1"


@pytest.fixture
async def running(edge_stage: Stage) -> AsyncGenerator[Running]:
    async with run_service(edge_stage, Service("pairing", timers=Timers("pairing"))) as made:
        yield made


def an_app(running: Running, sql: LiteralString, status: int, *, commits: bool) -> ASGIApp:
    """What runs a statement, keeps it or not, and answers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async with running.worker.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(sql, uuid4())
            await (transaction.commit() if commits else transaction.rollback())
        await Response(status_code=status)(scope, receive, send)

    return answer


@asynccontextmanager
async def asking(running: Running, app: ASGIApp) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=running.entrance(app), base_url="http://service") as http:
        yield http


@pytest.mark.parametrize(("sql", "trace"), [(ADD, "INSERT"), (CHANGE, "UPDATE"), (REMOVE, "DELETE")])
async def test_a_refusal_that_leaves_a_trace_is_found(sql: LiteralString, trace: str, running: Running) -> None:
    async with asking(running, an_app(running, sql, 409, commits=True)) as http:
        with pytest.raises(AssertionError, match=f"was refused and left .'{trace} timers'"):
            await http.post("/pairs")


async def test_a_refusal_that_takes_everything_back_and_an_answer_that_keeps_it_are_well(running: Running) -> None:
    for status, commits in ((409, False), (404, False), (201, True)):
        async with asking(running, an_app(running, ADD, status, commits=commits)) as http:
            assert (await http.post("/pairs")).status_code == status


async def test_what_goes_on_beside_a_refusal_is_not_laid_at_its_door(running: Running) -> None:
    refusing = an_app(running, ADD, 409, commits=False)

    async def meanwhile(scope: Scope, receive: Receive, send: Send) -> None:
        async with asking(running, an_app(running, ADD, 201, commits=True)) as http:
            await http.post("/pairs")
        await refusing(scope, receive, send)

    async with asking(running, meanwhile) as http:
        assert (await http.post("/pairs")).status_code == 409
