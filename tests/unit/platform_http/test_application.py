"""What is answered before any transaction: sign-in, bounds, unknown addresses, health, and nothing that was sent."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from prometheus_client import CollectorRegistry, Counter
from structlog.testing import capture_logs

from shared.platform.http import MIB, Routes, build_app
from shared.platform.http.routes import OperationRoute
from tests.unit.platform_http.making import NO_DATABASE, POLICY, SETTINGS, Knows, a_client, routes

CANARY = "canary-5f1c"
PAIR = "/pairs/8c7ff4e6-54b5-4d5a-9a0e-0d6a5f0e4f6e/end"


async def holds() -> bool:
    return True


async def fails() -> bool:
    raise OSError


async def hangs() -> bool:
    await asyncio.Event().wait()
    return True


def an_app(**more: Any) -> FastAPI:
    return build_app(
        "pairing", [routes], database=NO_DATABASE, authenticator=Knows(), settings=SETTINGS, policy=POLICY, **more
    )


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with a_client(an_app()) as client:
        yield client


def a_scope(headers: dict[str, str]) -> dict[str, Any]:
    """A command as a server hands it over, so that a test can play the server."""
    sent = [(b"authorization", b"Bearer me"), *((name.encode(), value.encode()) for name, value in headers.items())]
    return {
        "type": "http", "method": "POST", "path": PAIR, "raw_path": PAIR.encode(), "query_string": b"", "root_path": "",
        "headers": sent, "scheme": "http", "server": ("x", 80), "client": ("x", 1), "http_version": "1.1",
    }  # fmt: skip


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["title"]
    return problem


async def test_without_a_token_every_operation_answers_401(client: httpx.AsyncClient):
    for method, path in [("GET", "/pairs"), ("POST", PAIR), ("POST", "/rosters")]:
        answer = await client.request(method, path)
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(client: httpx.AsyncClient):
    assert_problem(await client.get(f"/{CANARY}"), 404, "unknown_path")
    assert_problem(await client.get("/pairs/"), 404, "unknown_path")
    answer = await client.put("/pairs", json={})
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_no_page_that_fetches_scripts_from_elsewhere_is_served(path: str, client: httpx.AsyncClient):
    assert_problem(await client.get(path), 404, "unknown_path")


@pytest.mark.parametrize(
    ("headers", "kept"), [({"content-length": str(MIB + 1)}, 0), ({"transfer-encoding": "chunked"}, MIB)]
)
async def test_a_body_that_is_too_large_is_refused_first_and_then_thrown_away_within_bounds(
    headers: dict[str, str], kept: int
):
    happened: list[tuple[str, int]] = []

    async def endless() -> dict[str, Any]:
        happened.append(("received", 65_536))
        return {"type": "http.request", "body": bytes(65_536), "more_body": True}

    async def send(message: Any) -> None:
        happened.append((message["type"], message.get("status") or len(message["body"])))

    await an_app()(a_scope(headers), endless, send)
    before = happened.index(("http.response.start", 413))
    assert kept <= sum(size for _, size in happened[:before]) <= kept + 65_536
    kind, size = happened[before + 1]
    assert (kind, size > 0) == ("http.response.body", True)
    assert happened[-1] == ("http.response.body", 0)
    assert sum(size for _, size in happened[before + 2 : -1]) == 32 * MIB


async def test_a_client_that_is_refused_and_sends_no_more_is_not_waited_for_without_end():
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(20):
        await an_app()(a_scope({"content-length": str(MIB + 1)}), never, send)
    assert dict(sent[0]["headers"])[b"connection"] == b"close"
    assert [message.get("more_body", False) for message in sent[1:]] == [True, False]


@pytest.mark.parametrize("length", ["9" * 40, str(2**62)])
async def test_a_length_beyond_all_numbers_is_too_large(length: str, client: httpx.AsyncClient):
    headers = {"authorization": "Bearer me", "content-length": length}
    assert_problem(await client.post(PAIR, headers=headers, content=b""), 413, "body_too_large")


async def test_an_operation_may_take_more_than_others(client: httpx.AsyncClient):
    headers = {"authorization": "Bearer me", "content-type": "text/csv"}
    assert_problem(await client.post("/rosters", headers=headers, content=bytes(10 * MIB + 1)), 413, "body_too_large")
    with capture_logs() as lines:
        answer = await client.post("/rosters", headers=headers, content=bytes(2 * MIB))
    assert_problem(answer, 500, "internal_error")  # it came as far as the database, which this test has not
    assert "the database was reached" in repr(lines)


async def test_a_body_that_ends_too_soon_changes_nothing():
    async def cut_short() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await an_app()(a_scope({"content-length": "100"}), cut_short, send)
    assert sent[0]["status"] == 422
    assert b"body_cut_short" in sent[1]["body"]


async def test_a_bug_says_nothing_but_a_trace_id():
    with capture_logs() as lines:
        async with a_client(an_app()) as client:
            answer = await client.get("/pairs", headers={"authorization": "Bearer me"})
    problem = assert_problem(answer, 500, "internal_error")
    assert set(problem) == {"type", "title", "status", "code", "trace_id"}
    assert "reached" not in answer.text
    line = next(each for each in lines if each["event"] == "request")
    assert (line["trace_id"], line["code"]) == (problem["trace_id"], "internal_error")


async def test_a_bug_outside_of_the_edge_is_an_answer_and_not_a_crash():
    app = an_app()

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError(CANARY)

    async with a_client(app) as client:
        answer = await client.get("/broken")
    assert_problem(answer, 500, "internal_error")
    assert CANARY not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/pairs", "/nowhere", "/livez", "/openapi.json", "/metrics"])
async def test_every_answer_carries_the_security_headers(path: str, client: httpx.AsyncClient):
    headers = (await client.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_a_page_may_have_headers_of_its_own():
    app = an_app()

    @app.get("/page")
    async def page() -> Any:
        return HTMLResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})

    async with a_client(app) as client:
        assert (await client.get("/page")).headers.get_list("content-security-policy") == ["default-src 'self'"]


async def test_ready_means_that_everything_answers_and_the_rest_is_named():
    async with a_client(an_app(ready={"database": holds})) as client:
        assert (await client.get("/readyz")).status_code == 200
    async with a_client(an_app(ready={"database": fails, "kafka": holds, "issuer": hangs})) as client:
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    problem = assert_problem(answer, 503, "not_ready")
    assert problem["waiting_for"] == ["database", "issuer"]
    assert answer.headers["retry-after"] == "1"


async def test_metrics_are_those_of_the_registry():
    registry = CollectorRegistry()
    Counter("osler_tried", "Tried.", registry=registry).inc()
    async with a_client(an_app(registry=registry)) as client:
        answer = await client.get("/metrics")
    assert "osler_tried_total 1.0" in answer.text


async def test_each_request_is_measured_by_operation_and_never_by_address(client: httpx.AsyncClient):
    await client.get("/pairs")
    await client.get(f"/{CANARY}")
    await client.request(CANARY.upper(), "/pairs")
    measured = (await client.get("/metrics")).text
    assert 'osler_http_request_seconds_count{method="GET",operation="pairing.list_pairs",status="401"}' in measured
    assert 'method="other"' in measured
    assert CANARY.lower() not in measured.lower()


async def test_each_request_leaves_one_line_without_anything_that_was_sent(client: httpx.AsyncClient):
    with capture_logs() as lines:
        await client.get(f"/{CANARY}?name={CANARY}", headers={"x-name": CANARY})
        await client.get("/livez")
        await client.get("/pairs")
    assert [(line["event"], line["operation"], line["status"], line["code"], line["why"]) for line in lines] == [
        ("request", None, 404, "unknown_path", None),
        ("request", "pairing.list_pairs", 401, "unauthenticated", "no_token"),
    ]
    assert CANARY not in repr(lines)


async def test_the_trace_of_the_caller_goes_on(client: httpx.AsyncClient):
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    with capture_logs() as lines:
        await client.get("/pairs", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
        await client.get("/pairs", headers={"traceparent": CANARY})
    assert lines[0]["trace_id"] == trace_id
    assert len(lines[1]["trace_id"]) == 32


async def test_what_a_code_means_can_be_looked_up(client: httpx.AsyncClient):
    found = (await client.get("/problems/stale_revision")).json()
    assert (found["code"], found["status"]) == ("stale_revision", 412)
    assert_problem(await client.get("/problems/nothing"), 404, "unknown_path")


def test_every_operation_stands_behind_the_edge():
    """FastAPI's own routes serve the four public documents and nothing else."""
    kinds = {type(route).__mro__[1] for route in Routes("x").router.routes} | {
        type(route).__mro__[1] for route in routes.router.routes
    }
    assert kinds == {OperationRoute}
