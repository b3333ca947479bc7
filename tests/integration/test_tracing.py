"""Traces, as a collector gets them: from the caller over the event to the receiver."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client

from apps.api_tokens.models import Scope, issue
from apps.tracing.kept import purge_traces
from apps.tracing.models import EventTrace
from apps.tracing.tracer import tracer
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.traces import Traces
from apps.webhooks.models import WebhookData
from tests.make import make_webhook
from tests.processes import environment
from tests.trace_collector import Collected, TraceCollector

pytestmark = pytest.mark.django_db(transaction=True)

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SERVER, CLIENT, PRODUCER = 2, 3, 4


@pytest.fixture
def collector(settings) -> Iterator[TraceCollector]:
    """Where traces go now, by the real exporter."""
    with TraceCollector() as running:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = running.endpoint
        settings.OTEL_EXPORTER_OTLP_HEADERS = "x-tenant=bank%201"
        tracer.cache_clear()
        yield running
        if spans := tracer():
            spans.close()
        tracer.cache_clear()


def collected(collector: TraceCollector) -> dict[str, list[Collected]]:
    """What has been sent by now, by name."""
    spans = tracer()
    assert spans is not None
    spans.close()
    found: dict[str, list[Collected]] = {}
    for span in collector.spans:
        found.setdefault(span.name, []).append(span)
    return found


def test_an_emission_each_attempt_and_the_receiver_are_one_trace(
    collector, receiver, make_pump
):
    make_webhook(receiver.url("/hook?token=secret"))
    receiver.behave(status=503)
    event = emit("CONNECTION_SYNCED", {"iban": "FR7630006000011234567890189"}).event
    make_pump(traces=Traces.of(tracer())).run()
    receiver.behave(status=204)
    begin_execution()
    make_pump(traces=Traces.of(tracer())).run()
    found = collected(collector)
    (emission,) = found["emit CONNECTION_SYNCED"]
    failed, accepted = found["attempt"]
    assert (emission.kind, emission.parent) == (PRODUCER, "")
    data = WebhookData.objects.get()
    assert failed.attributes == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "http.response.status_code": 503,
        "bankhooks.id_webhook": data.webhook_id,
        "bankhooks.id_webhook_data": data.pk,
        "bankhooks.id_event": event,
        "bankhooks.attempt": 1,
        "bankhooks.outcome": "status",
    }
    assert (accepted.attributes["bankhooks.attempt"], accepted.failed) == (2, False)
    for span, delivery in zip(
        (failed, accepted), receiver.record.deliveries(), strict=True
    ):
        assert (span.trace, span.parent) == (emission.trace, emission.span)
        assert span.kind == CLIENT
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        # The last number says that it is sampled, and by whom its id was chosen.
        assert headers["traceparent"][:-2] == f"00-{span.trace}-{span.span}-"
        assert int(headers["traceparent"][-2:], 16) & 1
    assert failed.failed
    assert "secret" not in repr(collector.spans)
    assert "FR76" not in repr(collector.spans)
    assert collector.headers[0]["x-tenant"] == "bank 1"


def test_a_platform_that_emits_over_http_sees_its_own_trace_go_on(collector):
    _, token = issue("platform", [Scope.EMIT])
    answer = Client().post(
        "/events?next=secret",
        data={"event": "CONNECTION_SYNCED", "payload": {}},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}", "traceparent": CALLER},
        secure=True,
    )
    assert answer.status_code == 201
    found = collected(collector)
    (request,), (emission,) = found["POST /events"], found["emit CONNECTION_SYNCED"]
    _, trace, span, _ = CALLER.split("-")
    assert (request.kind, request.trace, request.parent) == (SERVER, trace, span)
    assert (emission.trace, emission.parent) == (trace, request.span)
    assert request.attributes["http.response.status_code"] == 201
    assert "secret" not in repr(collector.spans)


def test_what_the_caller_does_not_sample_is_not_sent_but_goes_on_to_the_receiver(
    collector, receiver, make_pump
):
    make_webhook(receiver.url("/"))
    spans = tracer()
    assert spans is not None
    with spans.request("POST", CALLER[:-2] + "00"):
        emit("CONNECTION_SYNCED", {})
    make_pump(traces=Traces.of(spans)).run()
    assert collected(collector) == {}
    (delivery,) = receiver.record.deliveries()
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    assert headers["traceparent"].startswith(CALLER[:36])
    assert headers["traceparent"].endswith("-00")


@pytest.mark.usefixtures("collector")
def test_a_trace_is_kept_with_its_event_or_not_at_all():
    emission = Emission(event="CONNECTION_SYNCED", payload=b"{}", idempotency_key="1")
    with transaction.atomic():
        emit_many([emission])
        transaction.set_rollback(True)
    assert not EventTrace.objects.exists()
    emit_many([emission])
    emit_many([emission])
    assert EventTrace.objects.count() == 1
    purge_traces()
    assert EventTrace.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracing_eventtrace SET created_at = now() - interval '9 days'"
        )
    purge_traces()
    assert not EventTrace.objects.exists()


def test_without_an_endpoint_nothing_is_loaded_and_nothing_is_stored(
    receiver, make_pump
):
    make_webhook(receiver.url("/"))
    assert tracer() is None
    emit("CONNECTION_SYNCED", {})
    make_pump(traces=Traces.of(tracer())).run()
    (delivery,) = receiver.record.deliveries()
    assert "traceparent" not in {name.lower() for name in delivery.headers}
    assert not EventTrace.objects.exists()
    program = (
        "import sys; from webhooks_project.wsgi import application;"
        "from apps.webhooks import tasks; from apps.webhooks.emit import emit;"
        "emit('CONNECTION_SYNCED', {});"
        "tasks.run_pump(tasks.transport(), None);"
        "traces = {'apps.tracing.spans', 'opentelemetry.exporter'};"
        "print(sorted(traces & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr
    assert len(receiver.record.deliveries()) == 2
