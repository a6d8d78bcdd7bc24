"""An OTLP/HTTP collector for tests: takes traces as services export them, and draws them as text."""

from __future__ import annotations

import gzip
import threading
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """Times in nanoseconds since the epoch; ids as hex."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    start: int
    end: int


class Collector:
    """Listens on a free loopback port."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [
                    Span(
                        names["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                    )
                    for span in scope.spans
                ]

    def trace_of(self, name: str, after: int) -> list[Span]:
        """All spans of the first trace with a span of that name that began at or after `after`."""
        spans = list(self.spans)
        roots = [span for span in spans if span.name == name and span.start >= after]
        if not roots:
            return []
        trace = min(roots, key=lambda span: span.start).trace
        return [span for span in spans if span.trace == trace]


def draw(spans: list[Span]) -> str:
    """The trace as an indented tree: start and duration in milliseconds, service, name."""
    known = {span.span for span in spans}
    children: defaultdict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda each: each.start):
        children[span.parent if span.parent in known else ""].append(span)
    origin = min(span.start for span in spans)
    lines = ["  start ms  took ms  service     span"]

    def walk(parent: str, depth: int) -> None:
        for span in children[parent]:
            start, took = (span.start - origin) / 1e6, (span.end - span.start) / 1e6
            lines.append(f"{start:10.1f} {took:8.1f}  {span.service:<10}  {'  ' * depth}{span.name}")
            walk(span.span, depth + 1)

    walk("", 0)
    return "\n".join(lines)
