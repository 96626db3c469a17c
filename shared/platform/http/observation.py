"""One span, one log line and one measurement per request, and the security headers; never a path's values or a name."""

import secrets
import time
from typing import Any, Final

from fastapi import Response
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.platform import telemetry
from shared.platform.http import problem, visits
from shared.platform.http.visits import Visit

_LOG: Final = telemetry.logger("http")
_TRACER: Final = trace.get_tracer("osler.http")
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = telemetry.histogram(
    "osler_http_request_seconds",
    "From the first byte of a request to the last of its answer.",
    ("operation", "method", "status"),
)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer carries that has nothing else to say there."""
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: neither traced nor logged."""


class Observation:
    """ASGI middleware around everything that a service answers, also what no operation is for."""

    def __init__(self, app: ASGIApp, tracer: trace.Tracer = _TRACER) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and say afterwards what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] in QUIET:
            visits.begin(scope, Visit(secrets.token_hex(16)))
            await self.app(scope, receive, _Answer(send).send)
            return
        with self._tracer.start_as_current_span(
            "http",
            context=_parent(scope),
            kind=SpanKind.SERVER,
            record_exception=False,  # an exception's text may quote a person's input
            set_status_on_exception=False,
        ) as span:
            visit = Visit(_trace_id(span))
            visits.begin(scope, visit)
            answer = _Answer(send)
            begun = time.perf_counter()
            try:
                await self._serve(scope, receive, answer, visit)
            finally:
                _tell(span, scope, visit, answer.status, time.perf_counter() - begun)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer", visit: Visit) -> None:
        try:
            await self.app(scope, receive, answer.send)
        except Exception as error:
            _LOG.error("bug_in_request", operation=visit.operation, exc_info=error)
            if answer.status:
                raise  # half an answer is out: the server can only close the connection
            visit.code = problem.as_error(error).code()
            response: Response = problem.answer(error, visit.trace_id)
            await response(scope, receive, answer.send)


class _Answer:
    """Remembers the status on its way out, and adds what every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _parent(scope: Scope) -> Context:
    # traceparent alone: tracestate and baggage are a stranger's words, and would be copied into every event.
    found = Headers(scope=scope).get("traceparent")
    return _PROPAGATOR.extract({"traceparent": found} if found else {}, context=Context())


def _trace_id(span: Span) -> str:
    context = span.get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else secrets.token_hex(16)


def _tell(span: Span, scope: Scope, visit: Visit, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    operation = visit.operation or "none"
    _SECONDS.labels(operation, method, str(status)).observe(seconds)
    span.update_name(operation if visit.operation else f"{method} unknown")
    span.set_attributes({"http.request.method": method, "http.response.status_code": status})
    if status >= 500 or not status:  # noqa: PLR2004 - the class of answers that are our own fault
        span.set_status(StatusCode.ERROR)
    _LOG.info("request", **_line(visit, method, status, seconds))


def _line(visit: Visit, method: str, status: int, seconds: float) -> dict[str, Any]:
    person = visit.person
    return {
        "operation": visit.operation,
        "method": method,
        "status": status,
        "code": visit.code,
        "why": visit.why,
        "duration_ms": round(seconds * 1000, 1),
        "institution_id": person and str(person.institution_id),
        "person_id": person and str(person.person_id),
        "trace_id": visit.trace_id,
    }
