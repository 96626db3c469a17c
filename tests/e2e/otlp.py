"""A collector of traces: OTLP over HTTP on a real socket; it keeps spans, and answers nothing but that it has them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Span:
    """One span: which service made it, its name, and the trace that it is part of."""

    service: str
    name: str
    trace_id: str


@dataclass
class Collector:
    """Every span that was exported to `endpoint`."""

    endpoint: str
    spans: list[Span] = field(default_factory=list[Span])

    def keep(self, body: bytes) -> None:
        """Keep what one export holds."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [Span(names["service.name"], span.name, span.trace_id.hex()) for span in scope.spans]

    def find(self, service: str, name: str) -> list[Span]:
        """The spans of one name that one service made."""
        return [span for span in self.spans if span.service == f"osler-{service}" and span.name == name]


@contextmanager
def collecting() -> Generator[Collector]:
    """A collector on a free port of the loopback."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.keep(self.rfile.read(int(self.headers["Content-Length"])))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own word
            """Say nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    collector = Collector(f"http://127.0.0.1:{server.server_port}/v1/traces")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
