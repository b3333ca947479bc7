"""From an event to a signed, recorded, retried delivery: emit, pump, receiver."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from django.db import connection

from apps.encryption.keyring import new_key
from apps.receiver.server import Receiver
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.unsent import read_unsent
from apps.webhooks.models import DeliveryAttempt, Lease, WebhookData
from apps.webhooks.users import make_permanent
from tests.make import make_provider, make_user, make_webhook
from tests.tls import tls_context

pytestmark = pytest.mark.django_db
PENDING, DELIVERED = WebhookData.State.PENDING, WebhookData.State.DELIVERED


def emit_rows(count: int) -> list[int]:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)
    return list(WebhookData.objects.order_by("id").values_list("id", flat=True))


def statuses() -> list[int]:
    found = DeliveryAttempt.objects.order_by("id").values_list("status", flat=True)
    return [status or 0 for status in found]


def test_an_event_is_delivered_signed_and_recorded(receiver, run_pump):
    webhook = make_webhook(receiver.url("/v1/listener?tenant=1"))
    emitted = emit("CONNECTION_SYNCED", b'{"connection": {"balance": 1.10}}')
    assert emitted.webhooks == 1
    run_pump()
    (delivery,) = receiver.record.deliveries()
    data = WebhookData.objects.get()
    assert delivery.genuine
    assert delivery.target == "/v1/listener?tenant=1"
    expected = b'{"connection": {"balance": 1.10},"id_webhook_data":%d}' % data.pk
    assert delivery.body == expected
    assert data.state == DELIVERED
    assert data.delivered_at is not None
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.webhook_data_id, attempt.webhook_id) == (data.pk, webhook.pk)
    assert (attempt.cause, attempt.status, attempt.number) == ("accepted", 204, 1)
    assert attempt.peer == "127.0.0.1"
    assert attempt.total_us > 0
    assert attempt.body_bytes == attempt.sent_bytes == len(expected)


def test_the_headers_are_those_of_the_contract(receiver, run_pump):
    make_webhook(receiver.url("/"), auth_provider=None)
    user = make_user(token="t0k")
    emit("CONNECTION_SYNCED", {"a": 1}, user=user.pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    host = f"127.0.0.1:{receiver.port}"
    assert delivery.headers == {
        "host": host,
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json; charset=utf-8",
        "content-length": str(delivery.size),
        "user-agent": "bankhooks/0.1.0",
        "x-webhook-data-id": str(delivery.id_in_body),
        "x-webhook-event": "CONNECTION_SYNCED",
        "x-webhook-attempt": "1",
        "authorization": "Bearer t0k",
    }


def test_without_a_user_there_is_no_token(receiver, run_pump):
    make_webhook(receiver.url("/"), "PAYMENT_STATE_UPDATED", auth_provider=None)
    make_user()
    emit("PAYMENT_STATE_UPDATE", {"id": 1, "state": "done"})
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert "authorization" not in delivery.headers


def test_hmac_sends_the_users_token_only_if_told_so(receiver, run_pump):
    make_webhook(receiver.url("/plain"))
    both = make_provider(send_user_token=True)
    make_webhook(receiver.url("/both"), auth_provider=both)
    emit("CONNECTION_SYNCED", {}, user=make_user(token="t0k").pk)
    run_pump()
    by_path = {each.target: each for each in receiver.record.deliveries()}
    assert all(each.genuine for each in by_path.values())
    assert "authorization" not in by_path["/plain"].headers
    assert by_path["/both"].headers["authorization"] == "Bearer t0k"


def test_the_signature_covers_the_text_before_gzip(receiver, run_pump):
    make_webhook(receiver.url("/"), compression=True)
    payload = {"connection": {"wordings": ["VIREMENT ÉTÉ"] * 500}}
    emit("CONNECTION_SYNCED", payload)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    assert delivery.headers["content-encoding"] == "gzip"
    assert delivery.size < delivery.body_size / 10
    id_webhook_data = {"id_webhook_data": delivery.id}
    assert json.loads(delivery.body) == payload | id_webhook_data
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.body_bytes, attempt.sent_bytes) == (
        delivery.body_size,
        delivery.size,
    )


def test_a_retry_differs_in_date_and_signature_only(receiver, run_pump):
    make_webhook(receiver.url("/"), compression=True)
    receiver.behave(sequence=[500, 500, 204])
    emit("CONNECTION_SYNCED", {"a": "é"})
    for _ in range(3):
        run_pump()
        begin_execution()
    deliveries = receiver.record.deliveries()
    assert len(deliveries) == 3
    assert len({each.id for each in deliveries}) == 1
    assert len({each.body for each in deliveries}) == 1
    assert len({each.headers["bi-signature-date"] for each in deliveries}) == 3
    assert len({each.headers["bi-signature"] for each in deliveries}) == 3
    assert [each.headers["x-webhook-attempt"] for each in deliveries] == list("123")


def test_the_signature_date_is_the_recorded_start(receiver, run_pump):
    make_webhook(receiver.url("/"))
    emit("CONNECTION_SYNCED", {})
    run_pump()
    (delivery,) = receiver.record.deliveries()
    started = DeliveryAttempt.objects.get().started_at.astimezone(UTC)
    sent = delivery.headers["bi-signature-date"]
    assert started.isoformat(timespec="microseconds")[:26] + "Z" == sent


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_receipt(receiver, run_pump, status):
    make_webhook(receiver.url("/"))
    receiver.behave(status=status)
    emit_rows(1)
    run_pump()
    assert WebhookData.objects.get().state == DELIVERED


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 404, 410, 500])
def test_anything_else_is_retried(receiver, run_pump, status):
    make_webhook(receiver.url("/first"))
    receiver.behave(status=status, headers={"Location": receiver.url("/second")})
    emit_rows(1)
    run_pump()
    assert WebhookData.objects.get().state == PENDING
    assert [each.target for each in receiver.record.deliveries()] == ["/first"]
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.cause, attempt.status) == ("status", status)
    assert f"{status}" in attempt.response_headers
    assert attempt.next_try_at is not None


def test_it_stops_after_ten_failures_until_the_next_execution(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    emit_rows(40)
    run_pump()
    assert statuses() == [500] * 10
    run_pump()
    assert len(statuses()) == 10
    begin_execution()
    run_pump()
    assert len(statuses()) == 20
    receiver.behave(status=204)
    run_pump()
    assert len(statuses()) == 20
    begin_execution()
    run_pump()
    assert set(WebhookData.objects.values_list("state", flat=True)) == {DELIVERED}
    assert set(receiver.record.per_id().values()) <= {1, 2}


def test_it_stops_after_two_timeouts(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(hang=True)
    emit_rows(10)
    run_pump(deadline=0.3)
    causes = DeliveryAttempt.objects.values_list("cause", flat=True)
    assert list(causes) == ["timeout", "timeout"]
    assert Lease.objects.get().cut_off_at is not None


def test_nine_failures_a_success_and_nine_failures_do_not_stop(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(sequence=[500] * 9 + [204] + [500] * 9 + [204])
    emit_rows(20)
    run_pump()
    assert statuses() == [500] * 9 + [204] + [500] * 9 + [204]


def test_a_new_event_of_a_cut_off_webhook_waits(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    emit_rows(10)
    run_pump()
    receiver.behave(status=204)
    emit_rows(1)
    run_pump()
    assert statuses() == [500] * 10


def test_a_row_always_refused_costs_one_request_per_execution(receiver, run_pump):
    """Twelve such rows at the head are more than the cutoff, and block nobody."""
    make_webhook(receiver.url("/"))
    refused = set(emit_rows(12))
    others = set(emit_rows(30)) - refused
    receiver.behave(sequence=[500] * 10)
    run_pump()
    for _ in range(3):
        begin_execution()
        receiver.behave(status=204, sequence=())
        run_pump()
    assert set(receiver.record.per_id()) == refused | others


def test_a_failed_row_waits_for_the_next_execution(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(sequence=[500])
    emit_rows(1)
    run_pump()
    run_pump()
    assert statuses() == [500]
    begin_execution()
    run_pump()
    assert statuses() == [500, 204]


def test_flushing_one_webhook_leaves_the_others(receiver, run_pump):
    first, second = make_webhook(receiver.url("/1")), make_webhook(receiver.url("/2"))
    receiver.behave(status=500)
    emit_rows(1)
    run_pump()
    receiver.behave(status=204)
    assert begin_execution(webhook=first.pk)
    run_pump()
    states = dict(WebhookData.objects.values_list("webhook_id", "state"))
    assert states == {first.pk: DELIVERED, second.pk: PENDING}


def test_overlapping_ticks_are_one_execution():
    assert begin_execution(apart=30) is not None
    assert [begin_execution(apart=30) for _ in range(7)] == [None] * 7
    assert begin_execution() is not None


def test_a_receiver_that_asks_for_rest_gets_it(receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(status=429, headers={"Retry-After": "120"})
    emit_rows(5)
    run_pump()
    receiver.behave(status=204)
    begin_execution()
    run_pump()
    assert statuses() == [429]
    rest = Lease.objects.get().rest_until
    assert rest is not None
    assert timedelta(seconds=100) < rest - datetime.now(UTC) <= timedelta(seconds=120)
    Lease.objects.update(rest_until=datetime.now(UTC))
    run_pump()
    assert sorted(statuses()) == [204] * 5 + [429]


def test_a_new_connection_records_when_the_certificate_ends(
    tmp_path, settings, run_pump
):
    context = tls_context(tmp_path, "127.0.0.1")
    settings.WEBHOOKS_CA_FILE = str(tmp_path / "ca.pem")
    pem = (tmp_path / "cert.pem").read_bytes()
    ends = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    with Receiver(tls=context) as receiver:
        make_webhook(receiver.url("/"), max_in_flight=1)
        emit_rows(2)
        run_pump()
    attempts = DeliveryAttempt.objects.order_by("id")
    assert list(attempts.values_list("certificate_ends_at", "cause")) == [
        (ends, "accepted"),
        (None, "accepted"),
    ]


def test_the_oldest_goes_first(receiver, run_pump):
    make_webhook(receiver.url("/"), max_in_flight=1)
    rows = emit_rows(30)
    run_pump()
    assert [each.id for each in receiver.record.deliveries()] == rows


def test_the_oldest_is_read_first_however_the_rows_are_joined():
    webhook = make_webhook("https://receiver.example/")
    rows = emit_rows(200)
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        read = read_unsent([(webhook.pk, 1, 200)], [])
        cursor.execute("DISCARD PLANS")
    assert [row.id for row in read] == rows


def test_a_webhook_never_has_more_in_flight_than_its_cap(receiver, run_pump):
    make_webhook(receiver.url("/"), max_in_flight=3)
    receiver.behave(delay=0.05)
    emit_rows(20)
    run_pump()
    starts = [each.monotonic for each in receiver.record.deliveries()]
    crowd = max(sum(0 <= other - one < 0.04 for other in starts) for one in starts)
    assert 2 <= crowd <= 3


def test_a_held_event_goes_out_when_the_user_is_permanent(receiver, run_pump):
    make_webhook(receiver.url("/"))
    user = make_user(permanent=False)
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    run_pump()
    assert receiver.record.total == 0
    make_permanent(user.pk)
    run_pump()
    assert receiver.record.total == 1


def test_an_unreachable_receiver_is_a_recorded_failure(receiver, run_pump):
    make_webhook("http://127.0.0.1:1/")
    emit_rows(1)
    run_pump()
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.cause, attempt.status) == ("connect", None)


def test_a_secret_that_does_not_open_is_a_recorded_failure(
    receiver, run_pump, settings
):
    make_webhook(receiver.url("/"))
    emit_rows(1)
    settings.WEBHOOKS_ENCRYPTION_KEYS = [new_key("other")]
    run_pump()
    assert receiver.record.total == 0
    assert DeliveryAttempt.objects.get().cause == "internal"


def test_a_deleted_webhook_receives_nothing(receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(1)
    webhook.deleted_at = datetime.now(UTC)
    webhook.save()
    run_pump()
    assert receiver.record.total == 0


def test_many_webhooks_are_all_served(receiver, run_pump):
    for number in range(150):
        make_webhook(receiver.url(f"/{number}"), auth_provider=None)
    emit("CONNECTION_SYNCED", {})
    run_pump()
    assert receiver.record.total == 150
    assert not Lease.objects.exclude(leased_until=None).exists()
