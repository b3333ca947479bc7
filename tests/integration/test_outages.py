"""A database that is away for longer than a pump tries: outcomes are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from django.db import DataError

from apps.outbound.outcome import Cause, Outcome
from apps.webhooks.conf import EngineSettings
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.clock import CLOCK
from apps.webhooks.engine.flights import Flight, record_of
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.recorder import (
    KEPT_SECONDS,
    Outcomes,
    Recorder,
    SettlementFailed,
)
from apps.webhooks.models import DeliveryAttempt, WebhookData
from tests.make import make_webhook
from webhooks_project.embedded import Services

DELIVERED = WebhookData.State.DELIVERED
TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)


def emit_rows(count: int) -> list[int]:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)
    return list(WebhookData.objects.order_by("id").values_list("id", flat=True))


@contextmanager
def read_only(services: Services) -> Iterator[None]:
    """Nobody may change anything meanwhile, on old connections neither."""
    administrator = psycopg2.connect(services.database_url)
    administrator.autocommit = True

    def say(*statements: str) -> None:
        with administrator.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    say("ALTER SYSTEM SET default_transaction_read_only = on")
    say("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        say("SET default_transaction_read_only = off")
        say("ALTER SYSTEM RESET default_transaction_read_only")
        say("SELECT pg_reload_conf()")
        administrator.close()


@pytest.mark.django_db(transaction=True)
def test_what_was_not_recorded_in_time_is_recorded_by_the_next_run(
    services, receiver, make_pump
):
    make_webhook(receiver.url("/"), max_in_flight=4)
    receiver.behave(delay=0.5)
    rows = emit_rows(1)
    kept: Outcomes = []
    away, back = threading.Event(), threading.Event()

    def lose_the_database() -> None:
        receiver.record.wait_for(1)
        with read_only(services):
            away.set()
            back.wait(30)

    thread = threading.Thread(target=lose_the_database)
    thread.start()
    with pytest.raises(SettlementFailed):
        make_pump(settle=0.5, kept=kept).run()
    assert away.is_set()
    assert [settlement.data for _, settlement in kept] == rows
    back.set()
    thread.join()
    make_pump(kept=kept).run()
    assert not kept
    assert set(WebhookData.objects.values_list("state", flat=True)) == {DELIVERED}
    assert DeliveryAttempt.objects.count() == 1
    assert receiver.record.per_id() == {rows[0]: 1}


def one_outcome(recorder: Recorder, *, started_us: int, row: int | None = None) -> None:
    """Its receiver accepts a request; nobody has recorded it yet."""
    lanes = Lanes(TERMS, EngineSettings())
    lanes.acquire(time.monotonic())
    lanes.read()
    ((lane, unsent),) = lanes.pick(1, 1000)
    lane.succeeded()
    flight = Flight(lane, unsent, started_us, unsent.size, unsent.size)
    settlement = record_of(flight, Outcome(Cause.ACCEPTED, status=204))
    settlement = settlement._replace(data=row or settlement.data)
    recorder.add(lane, settlement, time.monotonic())


@pytest.mark.django_db
def test_nothing_is_taken_before_it_is_recorded():
    make_webhook("http://127.0.0.1/")
    emit_rows(1)
    kept: Outcomes = []
    one_outcome(Recorder(TERMS.settle, kept=kept), started_us=CLOCK.now_us())
    later = Recorder(TERMS.settle, kept=kept)
    troubled = [later.is_troubled]
    later.settle_if_due(time.monotonic(), lonely=True)
    assert [*troubled, later.is_troubled] == [True, False]
    assert WebhookData.objects.get().state == DELIVERED


@pytest.mark.django_db
def test_what_is_too_old_is_forgotten_and_said(caplog):
    make_webhook("http://127.0.0.1/")
    emit_rows(1)
    kept: Outcomes = []
    old = CLOCK.now_us() - int((KEPT_SECONDS + 1) * 1e6)
    one_outcome(Recorder(TERMS.settle, kept=kept), started_us=old)
    assert not Recorder(TERMS.settle, kept=kept).is_troubled
    assert not kept
    assert "1 outcomes are too old" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_stops_one_run_only():
    make_webhook("http://127.0.0.1/")
    emit_rows(1)
    kept: Outcomes = []
    recorder = Recorder(TERMS.settle, kept=kept)
    one_outcome(recorder, started_us=CLOCK.now_us(), row=1 << 70)
    with pytest.raises(DataError):
        recorder.settle_if_due(time.monotonic() + 1, lonely=True)
    assert not kept
