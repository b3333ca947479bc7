"""Spans by OpenTelemetry: the only module that knows it.

An emission is a span of its caller's trace. Each attempt is a child of the emission,
however much later another process makes it, and the receiver is told of the attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from webhooks_project import __version__

HEADER: Final = "traceparent"
# Whoever takes in traces is not waited for longer, at the end of a process.
EXPORT_SECONDS: Final = 5
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class Attempt(NamedTuple):
    """The span of an attempt, and what names it to the receiver."""

    span: Span
    traceparent: str

    def end(self, outcome: str, status: int | None, *, accepted: bool) -> None:
        """It is over."""
        self.span.set_attribute("bankhooks.outcome", outcome)
        if status is not None:
            self.span.set_attribute("http.response.status_code", status)
        if not accepted:
            self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()


class Spans:
    """Makes spans, and hands them to a thread that sends them in batches."""

    def __init__(self) -> None:
        provider = trace.get_tracer_provider()
        # A project that has a provider of its own keeps it.
        if not isinstance(provider, TracerProvider):
            provider = _provider()
        self._provider = provider
        self._tracer = provider.get_tracer("bankhooks", __version__)

    @contextmanager
    def request(
        self, method: str, traceparent: str | None
    ) -> Iterator[Callable[[str | None, int], None]]:
        """A request's span; the yielded function is told its route and its status."""
        with self._tracer.start_as_current_span(
            method,
            context=_PROPAGATOR.extract({HEADER: traceparent or ""}),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
        ) as span:

            def told(route: str | None, status: int) -> None:
                if route is not None:
                    span.update_name(f"{method} /{route}")
                    span.set_attribute("http.route", f"/{route}")
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))

            yield told

    @contextmanager
    def emission(self, names: Sequence[str]) -> Iterator[str]:
        """The span of an emission of these events; yields its traceparent."""
        name = f"emit {names[0]}" if len(set(names)) == 1 else "emit"
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.PRODUCER,
            attributes={"bankhooks.events": len(names)},
            record_exception=False,
        ) as span:
            yield traceparent_of(span)

    def attempt(
        self, parent: str | None, *, started_us: int, url: str, **about: int
    ) -> Attempt:
        """The span of an attempt that begins; of the URL the host is told alone."""
        span = self._tracer.start_span(
            "attempt",
            context=_PROPAGATOR.extract({HEADER: parent or ""}),
            kind=SpanKind.CLIENT,
            start_time=started_us * 1000,
            attributes={
                "http.request.method": "POST",
                "server.address": urlsplit(url).hostname or "",
                **{f"bankhooks.{name}": value for name, value in about.items()},
            },
        )
        return Attempt(span, traceparent_of(span))

    def close(self) -> None:
        """Send what is left, before the process ends."""
        self._provider.shutdown()


def traceparent_of(span: Span) -> str:
    """The header's value that names this span (W3C Trace Context)."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
    return carrier[HEADER]


def _provider() -> TracerProvider:
    sampler = ParentBased(TraceIdRatioBased(settings.OTEL_TRACES_SAMPLER_ARG))
    about = {"service.name": "bankhooks", "service.version": __version__}
    provider = TracerProvider(sampler=sampler, resource=Resource.create(about))
    exporter = OTLPSpanExporter(
        endpoint=settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip("/") + "/v1/traces",
        headers=parse_env_headers(settings.OTEL_EXPORTER_OTLP_HEADERS, liberal=True),
        timeout=EXPORT_SECONDS,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
