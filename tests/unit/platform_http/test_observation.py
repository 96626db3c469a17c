"""One request is one span, named after its operation, inside of the caller's trace."""

from typing import Any

import httpx
import pytest
from fastapi import Request
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.platform.http import visits
from shared.platform.http.observation import Observation

CANARY = "canary-5f1c"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


async def an_operation(scope: Scope, receive: Receive, send: Send) -> None:
    """Ends as its path says."""
    visits.of(Request(scope)).operation = "pairing.end_pair"
    if "half" in scope["path"]:
        await send({"type": "http.response.start", "status": 200, "headers": []})
    if "bug" in scope["path"]:
        raise RuntimeError(CANARY)
    await Response(status_code=204)(scope, receive, send)


async def spans_of(path: str, **headers: str) -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = Observation(an_operation, provider.get_tracer("test"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://osler.example"
    ) as client:
        await client.get(path, headers=headers)
    return exporter.get_finished_spans()


async def test_a_span_is_named_after_its_operation_and_is_a_child_of_the_callers():
    (span,) = await spans_of(f"/{CANARY}", traceparent=f"00-{TRACE_ID}-00f067aa0ba902b7-01")
    assert (span.name, span.kind, span.status.status_code) == ("pairing.end_pair", SpanKind.SERVER, StatusCode.UNSET)
    assert f"{span.context.trace_id:032x}" == TRACE_ID
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert CANARY not in span.to_json()


async def test_a_bug_in_the_middle_of_an_answer_quotes_nobody_either():
    (span,) = await spans_of(f"/half-bug-{CANARY}")
    assert CANARY not in span.to_json()


async def test_a_bug_marks_its_span_without_quoting_anybody():
    (span,) = await spans_of(f"/bug-{CANARY}")
    assert span.status.status_code == StatusCode.ERROR
    assert span.attributes == {"http.request.method": "GET", "http.response.status_code": 500}
    assert CANARY not in span.to_json()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_what_machines_ask_every_few_seconds_leaves_no_span(path: str):
    assert await spans_of(path) == ()
