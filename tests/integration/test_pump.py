"""The pump's own conduct: bodies it may hold, lanes it shares, how it ends."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from apps.auth_providers.models import AuthProvider
from apps.outbound.outcome import Cause
from apps.receiver.server import Receiver
from apps.webhooks.conf import EngineSettings
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.payloads import CACHE_BYTES
from apps.webhooks.models import DeliveryAttempt, Lease, Webhook, WebhookData
from tests.make import make_user, make_webhook

TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)
ENGINE = EngineSettings()
DELIVERED = WebhookData.State.DELIVERED


def targets(receiver: Receiver) -> list[str]:
    return [each.target for each in receiver.record.deliveries()]


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


@pytest.mark.django_db
def test_large_payloads_are_read_when_their_turn_has_come(receiver, run_pump):
    for path in ("/one", "/two"):
        make_webhook(receiver.url(path))
    size = CACHE_BYTES // 3
    payloads = [b'{"a":"%s"}' % (b"%d" % n * size) for n in range(4)]
    emit_many([Emission(event="CONNECTION_SYNCED", payload=each) for each in payloads])
    run_pump()
    assert not WebhookData.objects.exclude(state=DELIVERED).exists()
    assert sorted(each.size for each in receiver.record.deliveries()) == sorted(
        DeliveryAttempt.objects.values_list("sent_bytes", flat=True)
    )
    assert all(each.genuine for each in receiver.record.deliveries())


@pytest.mark.django_db
def test_an_erased_payload_is_our_fault_and_holds_nothing_back(receiver, run_pump):
    make_webhook(receiver.url("/"))
    erased = emit("CONNECTION_SYNCED", b'{"a":1}').event
    emit_rows(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_log_event SET payload = NULL WHERE id = %s", [erased]
        )
    run_pump()
    causes = DeliveryAttempt.objects.order_by("webhook_data_id")
    assert list(causes.values_list("cause", flat=True)) == ["internal", "accepted"]


@pytest.mark.django_db
def test_a_token_that_does_not_open_is_our_fault(receiver, run_pump):
    make_webhook(receiver.url("/"), auth_provider=None)
    user = make_user()
    emit("CONNECTION_SYNCED", b"{}", user=user.pk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE event_log_enduser SET token = 'lost:AAAA'")
    run_pump()
    assert DeliveryAttempt.objects.get().cause == Cause.INTERNAL
    assert not receiver.record.deliveries()


@pytest.mark.django_db(transaction=True)
def test_a_pump_told_to_stop_finishes_what_is_in_flight(receiver, make_pump):
    receiver.behave(delay=0.3)
    make_webhook(receiver.url("/"), max_in_flight=4)
    emit_rows(30)
    stop = threading.Event()
    pump = make_pump(stopping=stop.is_set)

    def stop_at_the_first_request() -> None:
        deadline = time.monotonic() + 10
        while not receiver.record.total and time.monotonic() < deadline:
            time.sleep(0.005)
        stop.set()

    watcher = threading.Thread(target=stop_at_the_first_request)
    watcher.start()
    assert pump.run() is True
    watcher.join()
    assert len(pump._flights) == 0
    sent = len(receiver.record.deliveries())
    assert 1 <= sent < 30
    assert WebhookData.objects.filter(state=DELIVERED).count() == sent
    assert Lease.objects.get().leased_until is None


@pytest.mark.django_db
def test_a_run_ends_in_time_and_asks_for_a_successor(receiver, run_pump):
    receiver.behave(delay=0.05)
    make_webhook(receiver.url("/"), max_in_flight=1)
    emit_rows(100)
    assert run_pump(pump_run=0.3) is True
    left = WebhookData.objects.exclude(state=DELIVERED).count()
    assert 0 < left < 100
    assert Lease.objects.get().leased_until is None


@pytest.mark.django_db
def test_lanes_are_shed_and_can_be_taken_by_another():
    for path in "abcd":
        make_webhook(f"http://127.0.0.1/{path}")
    emit_rows(3)
    mine, other = Lanes(TERMS, ENGINE), Lanes(TERMS, ENGINE)
    mine.acquire(0.0)
    mine.read()
    mine.shed(1)
    assert mine.give_back(0.0) == 3
    other.acquire(0.0)
    assert (len(mine), len(other)) == (1, 3)
    picked = mine.pick(10, 1000)
    assert len(picked) == 1


@pytest.mark.django_db
def test_a_lane_whose_lease_is_lost_sends_nothing_more():
    make_webhook("http://127.0.0.1/")
    emit_rows(3)
    lanes = Lanes(TERMS, ENGINE)
    lanes.acquire(0.0)
    lanes.read()
    Lease.objects.update(token=99)
    lanes.renew()
    assert lanes.pick(10, 1000) == []
    assert lanes.give_back(0.0) == 1
    assert Lease.objects.get().leased_until is not None


@pytest.mark.django_db
@pytest.mark.parametrize("changed", ["webhook", "provider"])
def test_nothing_more_is_sent_as_it_was_registered_before(changed):
    webhooks = [make_webhook(f"http://127.0.0.1/{path}") for path in "ab"]
    emit_rows(1)
    lanes = Lanes(TERMS, ENGINE)
    lanes.acquire(0.0)
    lanes.read()
    lanes.close_changed()
    assert lanes.give_back(0.0) == 0
    if changed == "webhook":
        Webhook.objects.filter(pk=webhooks[0].pk).update(url="http://127.0.0.1/c")
    else:
        AuthProvider.objects.filter(webhooks=webhooks[0]).update(name="other")
    lanes.close_changed()
    picked = lanes.pick(10, 1000)
    assert [lane.registration.id for lane, _ in picked] == [webhooks[1].pk]
    assert lanes.give_back(0.0) == 1


@pytest.mark.django_db
def test_a_busy_lane_learns_that_its_webhook_has_moved(receiver, make_pump):
    """Events that never stop would have it sent to the old place as long."""
    make_webhook(receiver.url("/old"))
    emit_rows(1)
    end = time.monotonic() + 10
    seen = 0

    def arrived() -> bool:
        nonlocal seen
        if receiver.record.total > seen:
            if not seen:
                Webhook.objects.update(url=receiver.url("/new"))
            seen = receiver.record.total
            emit_rows(1)
        return targets(receiver)[-1:] == ["/new"] or time.monotonic() > end

    make_pump(stopping=arrived).run()
    assert targets(receiver)[0] == "/old"
    assert targets(receiver)[-1] == "/new"


@pytest.mark.django_db
def test_webhooks_that_failed_last_take_half_of_the_sockets_at_most():
    for path in "abcdefgh":
        make_webhook(f"http://127.0.0.1/{path}")
    Lease.objects.filter(webhook__url__lt="http://127.0.0.1/g").update(
        consecutive_failures=1
    )
    emit_rows(1)
    lanes = Lanes(TERMS, EngineSettings(pump_sockets=4))
    lanes.acquire(0.0)
    lanes.read()
    picked = lanes.pick(100, 10_000)
    doubtful = [lane for lane, _ in picked if lane.doubtful]
    assert (len(picked), len(doubtful)) == (4, 2)
    assert not lanes.are_waiting
    for lane in doubtful:
        lane.succeeded()
        lanes.landed(lane, 0.0)
    assert len(lanes.pick(100, 10_000)) == 2
