"""`POST /webhooks/{id}/test`: a real request by the real door, and no trace of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.auth_providers.models import OAuthToken
from apps.configuration.store import change
from apps.encryption.keyring import new_key
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import EndUser, Event, UserConfig
from apps.receiver.server import Receiver
from apps.webhooks.emit import emit
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    HealthBucket,
    Lease,
    Webhook,
    WebhookAlert,
    WebhookData,
)
from apps.webhooks.testing import try_out
from tests.integration.api_client import ApiClient, Reply, make_client
from tests.make import SECRET, make_provider, make_user, make_webhook
from tests.token_server import TokenServer, failure, token

pytestmark = pytest.mark.django_db
EVENT = "CONNECTION_SYNCED"
TABLES: tuple[type[Model], ...] = (
    DeliveryAttempt, Event, FlusherExecution, HealthBucket, Lease, OAuthToken, Webhook,
    WebhookAlert, WebhookData, EndUser,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings) -> None:
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every row that a delivery could touch."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in TABLES
    }


def run(api: ApiClient, webhook: Webhook, **body: Any) -> Reply:
    reply = api.call("POST", f"/webhooks/{webhook.pk}/test", body)
    assert reply.status == 200
    assert reply.body.keys() == {
        "id_webhook_data", "request", "response", "outcome", "duration", "error",
        "timing", "peer", "certificate_ends_at",
    }  # fmt: skip
    return reply


def test_the_sample_arrives_signed_and_all_of_it_is_told(api, receiver):
    receiver.behave(status=202, body=b"thank you", headers={"X-Mine": "yes"})
    webhook = make_webhook(receiver.url("/v1/listener?tenant=1"))
    told = run(api, webhook).body
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    assert delivery.headers["x-webhook-test"] == "1"
    assert delivery.headers["x-webhook-attempt"] == "1"
    assert delivery.headers["x-webhook-event"] == EVENT
    assert delivery.id == delivery.id_in_body == told["id_webhook_data"]
    sample = dict(CATALOGUE[EVENT].sample)
    assert json.loads(delivery.body) == sample | {"id_webhook_data": delivery.id}

    assert (told["outcome"], told["error"]) == ("accepted", None)
    assert told["response"]["status"] == 202
    assert told["response"]["body"] == "thank you"
    assert told["response"]["headers"]["X-Mine"] == "yes"
    assert 0 < told["duration"] < 10
    assert told["timing"]["total"] == told["duration"]
    assert told["timing"]["connect"] <= told["timing"]["first_byte"]
    assert (told["peer"], told["certificate_ends_at"]) == ("127.0.0.1", None)
    request = told["request"]
    assert (request["method"], request["url"]) == ("POST", webhook.url)
    assert request["body"].encode() == delivery.body
    assert request["headers"]["BI-Signature"] == "HMAC-SHA256 …"
    assert delivery.headers["bi-signature"] not in json.dumps(told)


def test_nothing_is_written_and_nothing_counted(api, receiver):
    webhook = make_webhook(receiver.url("/"))
    emit(EVENT, CATALOGUE[EVENT].sample)
    make_webhook(receiver.url("/"), "USER_CREATED")
    before = snapshot()
    assert all(before[name] for name in ("Lease", "WebhookData", "Event", "Webhook"))
    for behaviour in ({"status": 204}, {"status": 500}, {"reset": True}):
        receiver.behave(**behaviour)
        run(api, webhook)
    assert snapshot() == before
    assert receiver.record.total == 3


def test_the_number_is_no_other_deliverys(api, receiver):
    webhook = make_webhook(receiver.url("/"))
    emit(EVENT, CATALOGUE[EVENT].sample)
    numbers = [run(api, webhook).body["id_webhook_data"] for _ in range(3)]
    emit(EVENT, CATALOGUE[EVENT].sample)
    rows = WebhookData.objects.values_list("pk", flat=True)
    assert len({*numbers, *rows}) == 5


def test_it_is_what_a_delivery_would_be(api, receiver, run_pump):
    """The same headers and the same body, but for what tells a test."""
    provider = make_provider(send_user_token=True)
    webhook = make_webhook(receiver.url("/a?b=c"), auth_provider=provider)
    user = make_user(token="t0k")
    run(api, webhook, user=user.pk)
    emit(EVENT, CATALOGUE[EVENT].sample, user.pk)
    run_pump()
    test, real = receiver.record.deliveries()
    assert test.genuine
    assert real.genuine
    assert test.target == real.target
    own = {
        "x-webhook-test", "x-webhook-data-id", "bi-signature", "bi-signature-date",
        "content-length",
    }  # fmt: skip
    kept = [
        {name: text for name, text in each.headers.items() if name not in own}
        for each in (test, real)
    ]
    assert kept[0] == kept[1]
    assert test.headers.keys() - real.headers.keys() == {"x-webhook-test"}
    bodies = [json.loads(each.body) for each in (test, real)]
    assert [body.pop("id_webhook_data") for body in bodies] == [test.id, real.id]
    assert bodies[0] == bodies[1]


def test_a_payload_of_ones_own_is_sent_as_it_is_written(api, receiver):
    webhook = make_webhook(receiver.url("/"), "PAYMENT_STATE_UPDATED")
    body = b'{"payload": {"id": 1, "state": "done", "n": 1.10} }'
    reply = api.call("POST", f"/webhooks/{webhook.pk}/test", body)
    (delivery,) = receiver.record.deliveries()
    assert reply.status == 200
    assert delivery.body == (
        b'{"id": 1, "state": "done", "n": 1.10,"id_webhook_data":%d}' % delivery.id
    )


def test_gzip_is_as_configured_and_the_text_is_told(api, receiver):
    always = make_webhook(receiver.url("/always"), compression=True)
    configured = make_webhook(receiver.url("/configured"))
    run(api, configured)
    change({"webhooks.compression.enabled": "1"}, actor="test")
    told = [run(api, each).body for each in (always, configured)]
    plain, *packed = receiver.record.deliveries()
    assert "content-encoding" not in plain.headers
    for delivery, told_of in zip(packed, told, strict=True):
        assert delivery.genuine
        assert delivery.headers["content-encoding"] == "gzip"
        assert delivery.size < delivery.body_size
        assert told_of["request"]["headers"]["Content-Encoding"] == "gzip"
        assert told_of["request"]["body"].encode() == delivery.body


def test_the_users_token_is_sent_where_a_user_is_given_and_shown_to_nobody(
    api, receiver
):
    receiver.behave(body=b"Bearer t0k-of-the-user", status=200)
    webhook = make_webhook(receiver.url("/"), auth_provider=None)
    user = make_user(token="t0k-of-the-user")
    without, told = run(api, webhook).body, run(api, webhook, user=user.pk).body
    nobody, somebody = receiver.record.deliveries()
    assert "authorization" not in nobody.headers
    assert "Authorization" not in without["request"]["headers"]
    assert somebody.headers["authorization"] == "Bearer t0k-of-the-user"
    assert told["request"]["headers"]["Authorization"] == "Bearer …"
    assert told["response"]["body"] == "Bearer …"
    assert "t0k-of-the-user" not in json.dumps(told)


def test_a_user_without_a_token_is_told_of_without_one(api, receiver):
    webhook = make_webhook(receiver.url("/"), auth_provider=None)
    user = make_user()
    EndUser.objects.update(token=None)
    run(api, webhook, user=user.pk)
    (delivery,) = receiver.record.deliveries()
    assert "authorization" not in delivery.headers


def test_what_the_webhook_adds_is_added(api, receiver, run_pump):
    user = make_user()
    UserConfig.objects.create(user=user, key="ref", value="É/1")
    UserConfig.objects.create(user=user, key="id", value="not the payload's")
    webhook = make_webhook(
        receiver.url("/"),
        "USER_CREATED",
        add_to_data={"reference": "ref", "id": "id", "none": "not there"},
    )
    run(api, webhook, user=user.pk)
    run(api, webhook)
    emit("USER_CREATED", CATALOGUE["USER_CREATED"].sample, user.pk)
    run_pump()
    added, plain, real = (json.loads(d.body) for d in receiver.record.deliveries())
    assert added["reference"] == "É/1"
    assert added | {"id_webhook_data": 0} == real | {"id_webhook_data": 0}
    assert plain.keys() == {"id", "signin", "id_webhook_data"}


def test_oauth_fetches_a_token_once_and_shows_it_to_nobody(api, receiver, server):
    provider = server.provider()
    webhook = make_webhook(receiver.url("/"), auth_provider=provider)
    user = make_user(token="of-the-user")
    told = [run(api, webhook, user=user.pk).body for _ in range(2)]
    sent = [each.headers["authorization"] for each in receiver.record.deliveries()]
    assert sent == ["Bearer token-1"] * 2
    assert server.total == 1
    assert [each["outcome"] for each in told] == ["accepted"] * 2
    assert told[0]["request"]["headers"]["Authorization"] == "Bearer …"
    assert "token-1" not in json.dumps(told)


def test_a_401_does_not_have_the_token_renewed(api, receiver, server):
    webhook = make_webhook(receiver.url("/"), auth_provider=server.provider())
    receiver.behave(status=401)
    for _ in range(2):
        assert run(api, webhook).body["outcome"] == "status"
    assert OAuthToken.objects.get().stale_at is None
    assert server.total == 1


def test_without_a_token_nothing_is_sent_and_the_reason_told(api, receiver, server):
    server.answer = lambda form, number: failure(400, error="invalid_client")
    webhook = make_webhook(receiver.url("/"), auth_provider=server.provider())
    for _ in range(2):
        told = run(api, webhook).body
        assert (told["outcome"], told["response"]) == ("no_token", None)
        assert "invalid_client" in told["error"]
        assert "Authorization" not in told["request"]["headers"]
    # Its rest is kept, as by everybody.
    assert server.total == 1
    assert receiver.record.total == 0
    OAuthToken.objects.update(next_try_at=datetime(2026, 1, 1, tzinfo=UTC))
    server.answer = lambda form, number: token("at-last")
    assert run(api, webhook).body["outcome"] == "accepted"


@pytest.mark.parametrize("event", ["CONNECTION_SYNCED", "USER_SYNCED", "ACCOUNT_FOUND"])
def test_cfonb_is_sent_where_it_is_configured(api, receiver, event):
    change({"autosync.cfonb": "1"}, actor="test")
    told = run(api, make_webhook(receiver.url("/"), event)).body
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    assert delivery.headers["content-type"] == "text/plain; charset=us-ascii"
    assert delivery.id == told["id_webhook_data"]
    assert delivery.body.startswith(b"01")
    assert told["request"]["body"].encode() == delivery.body


@pytest.mark.parametrize(
    ("behaviour", "outcome", "status"),
    [
        ({"status": 299}, "accepted", 299),
        ({"status": 500}, "status", 500),
        ({"status": 302, "headers": {"Location": "/other"}}, "status", 302),
        ({"hang": True}, "timeout", None),
        ({"drip": 0.2}, "timeout", None),
        ({"reset": True}, "disconnected", None),
    ],
)
def test_what_came_of_it_is_told(api, receiver, settings, behaviour, outcome, status):
    settings.WEBHOOKS_DEADLINE = 0.4
    receiver.behave(**behaviour)
    told = run(api, make_webhook(receiver.url("/"))).body
    assert told["outcome"] == outcome
    assert (told["error"] is None) == (outcome == "accepted")
    assert (told["response"] and told["response"]["status"]) == status
    assert receiver.record.total == 1
    assert told["duration"] < 5


def test_the_webhooks_own_deadline_is_kept(api, receiver, settings):
    settings.WEBHOOKS_DEADLINE = 0.2
    receiver.behave(delay=0.5)
    webhook = make_webhook(receiver.url("/"), deadline=5)
    assert run(api, webhook).body["outcome"] == "accepted"


def test_an_address_that_may_not_be_called_is_not_called(api, receiver, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = ""
    told = run(api, make_webhook(receiver.url("/"))).body
    assert (told["outcome"], told["response"]) == ("blocked", None)
    assert receiver.record.total == 0


def test_nobody_listening_is_told(api):
    with Receiver() as gone:
        url = gone.url("/")
    told = run(api, make_webhook(url)).body
    assert (told["outcome"], told["response"]) == ("connect", None)


def test_a_long_answer_is_cut(api, receiver):
    receiver.behave(status=200, body=b"\x1b" + b"x" * 100_000)
    told = run(api, make_webhook(receiver.url("/"))).body
    assert told["outcome"] == "accepted"
    assert told["response"]["body"] == "\ufffd" + "x" * (64 * 1024 - 1)


@pytest.mark.parametrize("what", ["provider", "user"])
def test_secrets_that_do_not_open_are_said_not_to(api, receiver, settings, what):
    provider = make_provider() if what == "provider" else None
    webhook = make_webhook(receiver.url("/"), auth_provider=provider)
    user = make_user()
    settings.WEBHOOKS_ENCRYPTION_KEYS = [new_key("other")]
    told = run(api, webhook, user=user.pk).body
    assert (told["outcome"], told["response"]) == ("internal", None)
    assert "does not open" in told["error"]
    assert receiver.record.total == 0


@pytest.mark.parametrize(
    ("fields", "body", "status", "code"),
    [
        ({"url": None}, {}, 400, "invalidValue"),
        ({"deleted_at": timezone.now()}, {}, 409, "conflict"),
        ({}, {"event": "USER_CREATED"}, 400, "invalidValue"),
        ({}, {"payload": []}, 400, "invalidValue"),
        ({}, {"payload": "{}"}, 400, "invalidValue"),
        ({}, {"payload": {"id_webhook_data": 1}}, 400, "invalidValue"),
        ({}, {"user": 404}, 400, "invalidValue"),
        ({}, {"user": 0}, 400, "invalidValue"),
        ({}, {"user": "1"}, 400, "invalidValue"),
        ({}, {"user": True}, 400, "invalidValue"),
        ({}, {"user": 2**63}, 400, "invalidValue"),
        ({}, [], 400, "invalidValue"),
        ({}, b"{", 400, "invalidValue"),
        ({}, b'{"payload": {"a": 1, "a": 2}}', 400, "invalidValue"),
        ({}, {"payload": {"a": "x" * 2000}}, 400, "invalidValue"),
    ],
)
def test_what_is_not_allowed_is_refused_and_not_sent(
    api, receiver, settings, fields, body, status, code
):
    settings.WEBHOOKS_MAX_PAYLOAD_BYTES = 1000
    webhook = make_webhook(**{"url": receiver.url("/")} | fields)
    before = snapshot()
    reply = api.call("POST", f"/webhooks/{webhook.pk}/test", body)
    assert (reply.status, reply.code) == (status, code)
    assert receiver.record.total == 0
    assert snapshot() == before


def test_a_payload_is_checked_as_when_it_is_emitted(api, receiver, settings):
    settings.WEBHOOKS_SCHEMA_CHECK = "enforce"
    webhook = make_webhook(receiver.url("/"))
    body = {"payload": {"user": {"id": 1}, "connection": {"id": "secret value"}}}
    reply = api.call("POST", f"/webhooks/{webhook.pk}/test", body)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert "/connection/id" in reply.body["message"]
    assert "secret value" not in json.dumps(reply.body)
    settings.WEBHOOKS_SCHEMA_CHECK = "warn"
    run(api, webhook, **body)
    assert receiver.record.total == 1


def test_a_users_token_goes_nowhere_it_would_not_go(api, receiver):
    user, other = make_user(), make_user()
    temporary, deleted = make_user(permanent=False), make_user()
    EndUser.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    of_other = make_webhook(receiver.url("/"), user=other)
    of_nobody = make_webhook(receiver.url("/"), "PAYMENT_STATE_UPDATED")
    of_all = make_webhook(receiver.url("/"))
    for webhook, who in [
        (of_other, user),
        (of_nobody, user),
        (of_all, temporary),
        (of_all, deleted),
    ]:
        body = {"user": who.pk}
        reply = api.call("POST", f"/webhooks/{webhook.pk}/test", body)
        assert (reply.status, reply.code) == (400, "invalidValue")
    assert receiver.record.total == 0
    run(api, of_other, user=other.pk)
    run(api, of_nobody)


def test_an_unknown_webhook_is_not_found(api):
    assert api.call("POST", "/webhooks/404/test").status == 404
    assert api.call("GET", "/webhooks/404/test").status == 405


def test_it_takes_a_token_for_the_configuration(receiver):
    webhook = make_webhook(receiver.url("/"))
    route = f"/2.0/webhooks/{webhook.pk}/test"
    assert ApiClient().call("POST", route).status == 401
    assert make_client(Scope.EMIT).call("POST", route).status == 403
    assert receiver.record.total == 0
    assert make_client(Scope.CONFIG).call("POST", route).status == 200


def test_one_token_tests_so_often_and_others_are_not_kept(api, receiver, settings):
    settings.WEBHOOKS_TESTS_PER_TOKEN = 2
    webhook = make_webhook(receiver.url("/"))
    for _ in range(2):
        run(api, webhook)
    reply = api.call("POST", f"/webhooks/{webhook.pk}/test")
    assert (reply.status, reply.code) == (429, "tooManyRequests")
    assert int(reply.headers["Retry-After"].split(".")[0]) <= 60
    run(make_client(Scope.CONFIG), webhook)
    assert receiver.record.total == 3


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_receiver_is_waited_for():
    states: list[str] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND application_name = 'bankhooks'"
            )
            states.extend(state for (state,) in cursor.fetchall())
        connection.close()

    def look_elsewhere(_: object) -> None:
        """The receiver's own thread has a loop, and may not ask the database."""
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    with Receiver(secrets=SECRET, on_delivery=look_elsewhere) as receiver:
        webhook = make_webhook(receiver.url("/"))
        trial = try_out(webhook.pk)
    assert trial.outcome == "accepted"
    assert "idle" in states
    assert "idle in transaction" not in states
