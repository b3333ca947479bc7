"""Traces of a real worker, whose processes end before their spans are due."""

from __future__ import annotations

from apps.webhooks.emit import emit
from tests.acceptance.test_workers import all_delivered, until
from tests.make import make_webhook
from tests.trace_collector import TraceCollector


def test_a_worker_that_ends_has_sent_every_span(start, receiver):
    make_webhook(receiver.url("/"))
    with TraceCollector() as collector:
        worker = start("pump", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint)
        for _ in range(3):
            emit("CONNECTION_SYNCED", {})
        assert receiver.record.wait_for(3, 30)
        assert until(all_delivered)
        assert worker.terminate() == 0
    assert [span.name for span in collector.spans] == ["attempt"] * 3
    named = {
        span.split("-")[2]
        for delivery in receiver.record.deliveries()
        for name, span in delivery.headers.items()
        if name.lower() == "traceparent"
    }
    assert named == {span.span for span in collector.spans}
