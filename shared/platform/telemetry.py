"""Logs, traces and metrics of every process; no name, address, text or token goes into any of them."""

import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()
_TRACER: Final = trace.get_tracer("osler")
_MOST_LINKS: Final = 64


def logger(name: str) -> Any:
    """A structured logger: a static event name, then ids, codes, numbers."""
    return structlog.get_logger(name)


def count(name: str, what: str, labels: tuple[str, ...] = ()) -> Counter:
    """A number that only rises."""
    return Counter(name, what, labels, registry=REGISTRY)


def gauge(name: str, what: str, labels: tuple[str, ...] = ()) -> Gauge:
    """A number that rises and falls."""
    return Gauge(name, what, labels, registry=REGISTRY)


def histogram(name: str, what: str, labels: tuple[str, ...] = ()) -> Histogram:
    """How often a value fell where; in seconds unless the name says otherwise."""
    return Histogram(name, what, labels, registry=REGISTRY)


def set_up_logging(service: str) -> None:
    """One JSON line per event on standard output; libraries' own lines in the same form, from WARNING up."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
        _only_type_of_error,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def _add_trace_id(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _only_type_of_error(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep of an exception where it happened and what kind it was: its text may quote a person's input."""
    raised: Any = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = where(error)
    return event


def where(error: BaseException) -> str:
    """File and line of the innermost frame of an exception that is ours, or of the innermost at all."""
    found = ""
    frame = error.__traceback__
    while frame is not None:
        path = frame.tb_frame.f_code.co_filename
        if not found or "/services/" in path or "/shared/" in path or "site-packages" not in path:
            found = f"{'/'.join(path.split('/')[-2:])}:{frame.tb_lineno}"
        frame = frame.tb_next
    return found


def set_up_tracing(service: str, endpoint: str) -> TracerProvider | None:
    """Export spans by OTLP over HTTP to `endpoint`; without one nothing is traced and nothing is paid."""
    if not endpoint:
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": f"osler-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    return provider


@contextmanager
def batch_span(name: str, parents: list[str], attributes: Mapping[str, Any]) -> Generator[None]:
    """A span of its own that links to what it works on; `parents` are W3C traceparents, of which 64 are linked."""
    links: list[Link] = []
    for parent in parents[:_MOST_LINKS]:
        context = trace.get_current_span(propagate.extract({"traceparent": parent})).get_span_context()
        if context.is_valid:
            links.append(Link(context))
    with _TRACER.start_as_current_span(name, links=links, kind=SpanKind.CONSUMER, attributes=attributes):
        yield


@contextmanager
def caused_span(name: str, parent: str, attributes: Mapping[str, Any]) -> Generator[None]:
    """A span inside the trace that `parent` names, so that one trace leads from a request to a far handler."""
    with _TRACER.start_as_current_span(
        name, context=propagate.extract({"traceparent": parent}), kind=SpanKind.CONSUMER, attributes=attributes
    ):
        yield
