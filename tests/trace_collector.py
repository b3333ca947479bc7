"""A collector of traces: takes OTLP over HTTP in, as OpenTelemetry's own does."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)


class Collected(NamedTuple):
    """A span as it arrived; ids in hex, `parent` empty for a root."""

    trace: str
    span: str
    parent: str
    name: str
    kind: int
    failed: bool
    attributes: dict[str, str | int]


class TraceCollector:
    """Listens on loopback for as long as its block lasts."""

    def __init__(self) -> None:
        self.spans: list[Collected] = []
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, timeout: float = 30) -> list[Collected]:
        """So many spans, or what there is when the time is over."""
        end = time.monotonic() + timeout
        while len(self.spans) < count and time.monotonic() < end:
            time.sleep(0.02)
        return self.spans

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.headers.append(dict(self.headers))
                if self.path == "/v1/traces":
                    collector.spans += spans_of(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def spans_of(body: bytes) -> list[Collected]:
    """What a request carries."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Collected(
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.name,
            span.kind,
            span.status.code == 2,
            {
                each.key: each.value.string_value or each.value.int_value
                for each in span.attributes
            },
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
