"""The contract's decisions, a test for each row, named after its question."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from apps.event_log.models import EndUser
from apps.receiver.server import Receiver
from apps.webhooks import tasks
from apps.webhooks.expiry import end_expired
from apps.webhooks.holds import drop_expired_users, erase_spent_tokens
from apps.webhooks.models import DeliveryAttempt, Lease, WebhookData
from apps.webhooks.users import create_user, make_permanent
from tests.contract.conftest import Service
from tests.make import make_user
from tests.tls import tls_context

PENDING = WebhookData.State.PENDING


def test_event_named_payment_state_update_or_updated(service: Service):
    for name in ("PAYMENT_STATE_UPDATE", "PAYMENT_STATE_UPDATED"):
        webhook = service.register(f"/{name}", event=name)
        listed = service.answer("GET", f"/webhooks/{webhook}")
        assert listed["event"] == "PAYMENT_STATE_UPDATED"
    service.emit(event="PAYMENT_STATE_UPDATE")
    arrived = service.deliver()
    assert [each.headers["x-webhook-event"] for each in arrived] == [
        "PAYMENT_STATE_UPDATED",
        "PAYMENT_STATE_UPDATED",
    ]


def test_payload(service: Service):
    service.register()
    service.emit({"connection": {"id": 7, "state": None}})
    (delivery,) = service.deliver()
    data = WebhookData.objects.get()
    assert json.loads(delivery.body) == {
        "connection": {"id": 7, "state": None},
        "id_webhook_data": data.pk,
    }
    assert b"CONNECTION_SYNCED" not in delivery.body
    assert delivery.headers["x-webhook-event"] == "CONNECTION_SYNCED"


def test_body_on_a_retry(service: Service):
    service.register(id_auth=service.provider())
    service.receiver.behave(sequence=[500])
    service.emit({"amount": 1.10, "wording": "Café é 😀"})
    (first,) = service.deliver()
    (second,) = service.flush()
    assert first.body == second.body
    changed = {
        name for name in first.headers if first.headers[name] != second.headers[name]
    }
    assert changed == {"bi-signature", "bi-signature-date", "x-webhook-attempt"}


@pytest.mark.parametrize("compression", [True, False])
@pytest.mark.parametrize("path", ["/v1/listener", "/v1/listener/", "/a%2Fb", "/", ""])
def test_what_is_signed(service: Service, path, compression):
    made = service.answer(
        "POST", "/webhooks/auth", {"type": "hmac_signature", "name": "mine"}
    )
    secret = made["config"]["secret_key"]
    service.register(f"{path}?key=1", id_auth=made["id"], compression=compression)
    service.emit({"id": 1})
    (delivery,) = service.deliver()
    on_the_wire = urlsplit(delivery.target).path
    assert on_the_wire == (path or "/")
    text = f"POST.{on_the_wire}.{delivery.headers['bi-signature-date']}."
    digest = hmac.new(
        secret.encode(), text.encode() + delivery.body, hashlib.sha256
    ).digest()
    assert delivery.headers["bi-signature"] == base64.b64encode(digest).decode()


def test_bi_signature_date(service: Service):
    service.register(id_auth=service.provider())
    service.receiver.behave(sequence=[500])
    before = datetime.now(UTC)
    service.emit()
    dates = [each.headers["bi-signature-date"] for each in service.deliver()]
    dates += [each.headers["bi-signature-date"] for each in service.flush()]
    assert all(len(date) == len("2022-06-27T11:08:52.577831Z") for date in dates)
    first, second = (
        datetime.strptime(date + "+0000", "%Y-%m-%dT%H:%M:%S.%fZ%z") for date in dates
    )
    assert before <= first < second <= datetime.now(UTC)


def test_key(service: Service):
    body = {"type": "hmac_signature", "name": "mine"}
    made = service.answer("POST", "/webhooks/auth", body)
    secret = made["config"]["secret_key"]
    assert len(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))) >= 32
    listed = service.answer("GET", "/webhooks/auth")
    updated = service.answer("PUT", f"/webhooks/auth/{made['id']}", body)
    assert secret not in json.dumps([listed, updated])


def test_user_token_and_hmac_together(service: Service):
    user = make_user(token="t0ken")
    service.register("/token")
    service.register("/hmac", id_auth=service.provider("/hmac"))
    service.register("/both", id_auth=service.provider("/both", send_user_token=True))
    service.emit(id_user=user.pk)
    carried = {
        each.target: (each.headers.get("authorization"), "bi-signature" in each.headers)
        for each in service.deliver()
    }
    assert carried == {
        "/token": ("Bearer t0ken", False),
        "/hmac": (None, True),
        "/both": ("Bearer t0ken", True),
    }


def test_user_less_event_on_a_webhook_without_provider(service: Service):
    make_user(token="somebody-elses")
    service.register(event="PAYMENT_STATE_UPDATED")
    service.emit(event="PAYMENT_STATE_UPDATED")
    (delivery,) = service.deliver()
    assert "authorization" not in delivery.headers


@pytest.mark.parametrize("status", [200, 201, 204, 226, 299])
def test_success(service: Service, status):
    service.register()
    service.receiver.behave(status=status)
    service.emit()
    service.deliver()
    assert WebhookData.objects.get().state == WebhookData.State.DELIVERED


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 404, 410, 429, 500])
def test_everything_else_is_not_received(service: Service, status):
    service.register()
    elsewhere = {"Location": service.receiver.url("/elsewhere")}
    service.receiver.behave(status=status, headers=elsewhere)
    service.emit()
    assert [each.target for each in service.deliver()] == ["/hook"]
    assert WebhookData.objects.get().state == PENDING
    assert len(service.flush()) == 1


@pytest.mark.parametrize(
    ("wishes", "cause"),
    [({"reset": True}, "disconnected"), ({"hang": True}, "timeout")],
)
def test_no_answer_is_not_received(service: Service, wishes, cause):
    service.register()
    service.receiver.behave(**wishes)
    service.emit()
    service.deliver(deadline=0.3)
    assert DeliveryAttempt.objects.get().cause == cause
    assert WebhookData.objects.get().state == PENDING
    service.receiver.behave()
    assert len(service.flush()) == 1


def test_no_connection_is_not_received(service: Service, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    service.register(url=url)
    # Nobody has heard of the authority behind this one's certificate.
    with Receiver(tls=tls_context(tmp_path, "127.0.0.1")) as stranger:
        service.register(url=stranger.url("/"))
        service.emit()
        service.deliver()
        assert stranger.record.total == 0
    causes = DeliveryAttempt.objects.values_list("cause", flat=True)
    assert set(causes) == {"connect", "tls"}
    states = set(WebhookData.objects.values_list("state", flat=True))
    assert states == {PENDING}


def test_give_up(service: Service):
    """Never by itself; only an operator's deletion ends it."""
    webhook = service.register()
    service.receiver.behave(status=410)
    service.emit()
    service.deliver()
    for _ in range(15):
        assert len(service.flush()) == 1
    service.answer("DELETE", f"/webhooks/{webhook}")
    assert service.flush() == []
    assert WebhookData.objects.get().state == WebhookData.State.CANCELLED


def test_give_up_after_an_optional_time_to_live_that_is_off_by_default(
    service: Service,
):
    service.register()
    service.receiver.behave(status=500)
    for number in range(2):
        service.emit({"number": number})
    assert len(service.deliver()) == 2
    old, _ = WebhookData.objects.order_by("pk")
    year = timezone.now() - timedelta(days=364)
    WebhookData.objects.filter(pk=old.pk).update(created_at=year)
    assert end_expired() == 0
    assert len(service.flush()) == 2
    service.answer("POST", "/config", {"webhooks.time_to_live": "363.5"})
    assert end_expired() == 1
    assert len(service.flush()) == 1
    old.refresh_from_db()
    assert old.state == WebhookData.State.CANCELLED
    # What was accepted, or waits for its user, is not what a time to live is about.
    held = create_user(permanent=False)
    service.receiver.behave()
    assert len(service.flush()) == 1
    service.emit(id_user=held.pk)
    WebhookData.objects.exclude(pk=old.pk).update(created_at=year)
    assert end_expired() == 0


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        ([500] * 30, 10),
        ([500] * 9 + [204] + [500] * 9, 20),
        ([500] * 9 + [204] + [500] * 10, 20),
    ],
    ids=["10F", "9F 1S 9F", "9F 1S 10F"],
)
def test_the_cutoff_by_failures(service: Service, answers, sent):
    service.register()
    service.receiver.behave(sequence=answers)
    for _ in range(20 if len(answers) < 30 else 30):
        service.emit()
    assert len(service.deliver()) == sent


@pytest.mark.parametrize(
    ("story", "sent"), [("TT", 2), ("TST", 3), ("TFT", 3), ("FFTT", 4)]
)
def test_the_cutoff_by_timeouts(service: Service, story, sent):
    """T T stops; T S T does not. One request at a time, told by the test."""
    service.register(max_in_flight=1)
    for number, outcome in enumerate(story):
        service.receiver.behave(
            status=500 if outcome == "F" else 204, hang=outcome == "T"
        )
        service.emit({"number": number})
        service.deliver(deadline=0.3)
    assert service.receiver.record.total == sent
    cut_off = Lease.objects.get().cut_off_at is not None
    assert cut_off is (story != "TST")


def test_the_cutoff_ends_with_the_flushers_next_execution(service: Service):
    service.register()
    service.receiver.behave(status=500)
    for _ in range(12):
        service.emit()
    assert len(service.deliver()) == 10
    service.emit()
    assert service.deliver() == []
    assert len(service.flush()) == 10
    service.receiver.behave()
    assert len(service.flush()) == 13


def test_retry_rhythm(service: Service):
    webhook = service.register()
    service.receiver.behave(sequence=[500])
    service.emit()
    assert len(service.deliver()) == 1
    assert service.deliver() == []
    logs = service.answer("GET", f"/webhooks/{webhook}/logs")["webhooklogs"]
    wait = datetime.fromisoformat(logs[0]["next_try"]) - timezone.now()
    assert timedelta(0) < wait <= timedelta(seconds=60)
    assert len(service.flush()) == 1


def test_one_that_is_always_refused_holds_back_no_other(service: Service):
    service.register()
    service.receiver.behave(sequence=[400])
    service.emit({"poison": True})
    service.emit()
    service.emit()
    assert len(service.deliver()) == 3
    service.receiver.behave(sequence=[400])
    service.emit()
    assert len(service.deliver()) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "rests"), [("120", 120), ("999999", 3600), ("soon", None)]
)
def test_429_or_503_with_retry_after(service: Service, status, asked, rests):
    service.register()
    service.receiver.behave(status=status, headers={"Retry-After": asked})
    service.emit()
    service.deliver()
    service.receiver.behave()
    service.emit()
    until = Lease.objects.get().rest_until
    if rests is None:
        assert until is None
        assert len(service.deliver()) == 1
        return
    assert until is not None
    assert abs((until - timezone.now()).total_seconds() - rests) < 60
    assert service.deliver() == []
    assert service.flush() == []
    Lease.objects.update(rest_until=timezone.now())
    assert len(service.flush()) == 2


def test_immediate_emission(service: Service):
    service.register()
    service.emit()
    assert len(service.deliver()) == 1


def test_flusher_period_and_deadlines(settings):
    assert settings.WEBHOOKS_FLUSHER_PERIOD == 60
    assert settings.WEBHOOKS_DEADLINE == 10
    assert settings.WEBHOOKS_CONNECT_TIMEOUT == 3
    schedule = settings.CELERY_BEAT_SCHEDULE["flush"]
    assert (schedule["task"], schedule["schedule"]) == ("webhooks.flush", 60)


@pytest.mark.parametrize(("deadline", "status"), [(30, 200), (31, 400), (0, 400)])
def test_a_webhook_may_override_the_deadline(service: Service, deadline, status):
    body = {"event": "USER_CREATED", "deadline": deadline}
    assert service.call("POST", "/webhooks", body).status == status


def test_ordering(service: Service):
    service.register(max_in_flight=1)
    for number in range(20):
        service.emit({"number": number})
    numbers = [json.loads(each.body)["number"] for each in service.deliver()]
    assert numbers == list(range(20))


def test_delivery_is_at_least_once_with_a_key(service: Service):
    """The id is the same at every attempt and differs between webhooks and events."""
    for path in ("/a", "/b"):
        service.register(path)
    service.receiver.behave(sequence=[500, 500, 500, 500])
    service.emit()
    service.emit()
    first, second = service.deliver(), service.flush()
    assert {each.id for each in first} == {each.id for each in second}
    assert len({each.id for each in first}) == 4


def test_temporary_user(service: Service):
    service.register("/created", event="USER_CREATED")
    service.register("/synced")
    user = create_user(permanent=False)
    service.emit(id_user=user.pk)
    assert service.deliver() == []
    make_permanent(user.pk)
    assert len(service.deliver()) == 2


def test_a_temporary_user_that_expires_is_dropped(service: Service):
    service.register()
    user = create_user(permanent=False)
    assert user.expires_at is not None
    lifetime = user.expires_at - user.signin
    assert lifetime == timedelta(minutes=30)
    service.emit(id_user=user.pk)
    EndUser.objects.update(expires_at=timezone.now())
    drop_expired_users()
    assert WebhookData.objects.get().state == WebhookData.State.CANCELLED
    assert service.flush() == []


@pytest.mark.parametrize(
    "key", ["webhooks.compression.enabled", "webhooks.compressions.enabled"]
)
def test_compression(service: Service, key):
    assert (
        service.answer("POST", "/config", {key: "1"})["webhooks.compression.enabled"]
        == "1"
    )
    service.register("/on", compression=True)
    service.register("/off", compression=False)
    service.register("/default")
    service.emit({"id": 1})
    # As a worker does it: it reads the configuration.
    tasks.run_pump(tasks.transport(), None)
    arrived = {each.target: each for each in service.receiver.record.deliveries()}
    assert arrived["/on"].headers["content-encoding"] == "gzip"
    assert arrived["/default"].headers["content-encoding"] == "gzip"
    assert "content-encoding" not in arrived["/off"].headers
    zipped = gzip.compress(arrived["/on"].body, 1, mtime=0)
    assert arrived["/on"].size == len(zipped)


def test_health_data(service: Service):
    webhook = service.register()
    service.emit()
    service.deliver()
    health = service.answer("GET", f"/webhooks/{webhook}")["health_data"]
    assert health.keys() == {
        "average_sending_duration",
        "sending_success_rate",
        "attempts",
        "window",
    }
    assert (health["sending_success_rate"], health["attempts"]) == (1.0, 1)
    assert health["window"] == "P1D"
    assert 0 < health["average_sending_duration"] < 10


@pytest.mark.parametrize(
    ("failures", "code"), [(0, None), (1, None), (2, "low_success_rate")]
)
def test_warning(service: Service, failures, code):
    webhook = service.register()
    service.receiver.behave(sequence=[500] * failures)
    for _ in range(12):
        service.emit()
    service.deliver()
    warning = service.answer("GET", f"/webhooks/{webhook}")["warning"]
    assert (warning["code"] if warning else None) == code


def test_warning_slow_endpoint(service: Service, settings):
    settings.WEBHOOKS_WARNING_SECONDS = 0.02
    webhook = service.register()
    service.receiver.behave(delay=0.03)
    for _ in range(9):
        service.emit()
    service.deliver()
    assert service.answer("GET", f"/webhooks/{webhook}")["warning"] is None
    service.emit()
    service.deliver()
    warning = service.answer("GET", f"/webhooks/{webhook}")["warning"]
    assert warning["code"] == "slow_endpoint"


def test_warning_cut_off(service: Service):
    webhook = service.register()
    service.receiver.behave(status=500)
    for _ in range(10):
        service.emit()
    service.deliver()
    warning = service.answer("GET", f"/webhooks/{webhook}")["warning"]
    assert warning["code"] == "cut_off"
    service.receiver.behave()
    service.flush()
    warning = service.answer("GET", f"/webhooks/{webhook}")["warning"]
    assert warning["code"] == "low_success_rate"


def test_headers_sent(service: Service):
    service.register(event="PAYMENT_STATE_UPDATED")
    service.emit(event="PAYMENT_STATE_UPDATED")
    (delivery,) = service.deliver()
    sent = delivery.headers
    assert sent["content-type"] == "application/json; charset=utf-8"
    assert sent["user-agent"].startswith("bankhooks/")
    assert sent["x-webhook-data-id"] == str(delivery.id_in_body)
    assert sent["x-webhook-event"] == "PAYMENT_STATE_UPDATED"
    assert sent["x-webhook-attempt"] == "1"


def test_ids(service: Service):
    webhook = service.register()
    assert isinstance(service.emit()["id_event"], int)
    listed = service.answer("GET", f"/webhooks/{webhook}")
    assert isinstance(listed["id"], int)
    assert datetime.fromisoformat(listed["created"]).utcoffset() == timedelta(0)
    assert listed["created"].endswith("Z")


@pytest.mark.parametrize("root", ["", "/2.0"])
@pytest.mark.parametrize("path", ["/webhooks", "/webhooks/auth", "/config"])
def test_api_paths(service: Service, root, path):
    assert service.call("GET", root + path).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/webhooks", {}, 400, "missingParameter"),
        ("POST", "/webhooks", {"event": "NONE"}, 400, "invalidValue"),
        ("GET", "/webhooks/404", b"", 404, "notFound"),
        ("GET", "/no/such/route", b"", 404, "notFound"),
        ("DELETE", "/events", b"", 405, "methodNotAllowed"),
    ],
)
def test_errors(service: Service, method, path, body, status, code):
    reply = service.call(method, path, body)
    assert (reply.status, reply.code) == (status, code)
    assert reply.body.keys() == {"code", "description", "message", "request_id"}
    assert reply.body["request_id"]


ACCOUNT = {
    "id": 7,
    "number": "00000123456",
    "iban": "FR7630004000010000012345668",
    "currency": {"id": "EUR", "precision": 2},
    "balance": 1250.30,
    "last_update": "2026-06-17 08:00:00",
    "transactions": [
        {"id": 1, "date": "2026-06-15", "value": -32.21, "wording": "PRLV SEPA",
         "type": "order", "coming": False},
    ],
}  # fmt: skip
SYNCED = {"user": {"id": 1}, "connection": {"id": 3, "accounts": [ACCOUNT]}}
FOUND = {"id": 7, "id_user": 1, "id_connection": 3, "disabled": None, "type": "card"}


@pytest.mark.parametrize("compression", [True, False])
@pytest.mark.parametrize(
    ("event", "payload", "records"),
    [
        ("CONNECTION_SYNCED", SYNCED, ["01", "04", "07"]),
        (
            "USER_SYNCED",
            {"user": {"id": 1}, "connections": [SYNCED["connection"]] * 2},
            ["01", "04", "07", "01", "04", "07"],
        ),
        ("ACCOUNT_FOUND", FOUND | {"disabled": "2026-06-17 08:00:00"}, ["01", "07"]),
    ],
)
def test_cfonb(service: Service, event, payload, records, compression):
    service.register(event=event, id_auth=service.provider(), compression=compression)
    service.answer("POST", "/config", {"autosync.cfonb": "1"})
    service.receiver.behave(sequence=[500])
    service.emit(payload, event=event)
    (delivery,) = service.deliver()
    assert delivery.genuine
    assert delivery.headers["content-type"] == "text/plain; charset=us-ascii"
    assert int(delivery.headers["x-webhook-data-id"]) == WebhookData.objects.get().pk
    lines = delivery.body.decode("ascii").split("\r\n")
    assert lines.pop() == ""
    assert [line[:2] for line in lines] == records
    assert {len(line) for line in lines} == {120}
    assert delivery.body == delivery.body.upper()
    service.answer("POST", "/config", {"autosync.cfonb": "0"})
    (again,) = service.flush()
    assert again.body == delivery.body


def test_cfonb_is_for_its_three_events_only(service: Service):
    service.register(event="CONNECTION_DELETED")
    service.answer("POST", "/config", {"autosync.cfonb": "1"})
    service.emit(event="CONNECTION_DELETED")
    (delivery,) = service.deliver()
    assert delivery.headers["content-type"].startswith("application/json")


def test_what_cannot_be_cfonb_is_refused_at_emission(service: Service):
    service.register()
    service.answer("POST", "/config", {"autosync.cfonb": "1"})
    account = {key: value for key, value in ACCOUNT.items() if key != "balance"}
    payload = {"connection": {"id": 3, "accounts": [account]}}
    body = {"event": "CONNECTION_SYNCED", "payload": payload}
    reply = service.call("POST", "/events", body)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert not WebhookData.objects.exists()


def test_user_deleted(service: Service):
    """`USER_DELETED` needs the token after the user is gone: keep it, encrypted, until
    that delivery ends."""
    service.register(event="USER_DELETED")
    user = service.new_user()
    service.as_user(user).call("DELETE", "/users/me")
    # Not before that, however often it is looked for.
    assert erase_spent_tokens() == 0
    (kept,) = raw("SELECT token FROM event_log_enduser")
    assert kept is not None
    assert user["auth_token"] not in kept
    (delivery,) = service.deliver()
    assert delivery.headers["authorization"] == f"Bearer {user['auth_token']}"
    EndUser.objects.update(deleted_at=timezone.now() - timedelta(days=1))
    erase_spent_tokens()
    assert raw("SELECT token FROM event_log_enduser") == (None,)


def raw(statement: str) -> Any:
    """A row as the database has it, sealed."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()
