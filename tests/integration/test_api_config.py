"""`/config`, its log, and what the keys allow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.configuration import store
from apps.configuration.keys import ALERTS_FREQUENCY, CA_CERT, CFONB, COMPRESSION
from apps.configuration.models import ConfigEntry, ConfigLog
from apps.receiver.server import Receiver
from apps.webhooks import tasks
from apps.webhooks.emit import emit
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import DeliveryAttempt, WebhookData
from tests.integration.api_client import ApiClient, make_client
from tests.make import make_webhook
from tests.tls import make_certificate, tls_context

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


def test_every_key_has_its_default(api):
    reply = api.call("GET", "/2.0/config")
    assert reply.status == 200
    assert reply.body[COMPRESSION] == "0"
    assert reply.body["autosync.enabled"] == "1"
    assert reply.body["biapi.manager.email"] == ""
    assert set(api.call("GET", "/config?search=AutoSync").body) == {
        key for key in reply.body if key.startswith("autosync.")
    }


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        (COMPRESSION, "1", "1"),
        (COMPRESSION, True, "1"),
        ("webhooks.compressions.enabled", 1, "1"),
        (ALERTS_FREQUENCY, 0.5, "0.5"),
        ("biapi.manager.email", " ops@example.org ", "ops@example.org"),
        ("biapi.manager.email", "", ""),
        ("payment.state_updated_webhook.systematic", "1", "1"),
        ("webhooks.time_to_live", 0.5, "0.5"),
        ("webhooks.time_to_live", 0, "0"),
    ],
)
def test_values_are_kept_as_text(api, key, given, kept):
    reply = api.call("POST", "/config", {key: given})
    assert reply.status == 200
    assert reply.body[COMPRESSION if "compression" in key else key] == kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (COMPRESSION, "yes"),
        (COMPRESSION, ["1"]),
        (COMPRESSION, {}),
        (ALERTS_FREQUENCY, "0"),
        (ALERTS_FREQUENCY, "-1"),
        (ALERTS_FREQUENCY, "NaN"),
        (ALERTS_FREQUENCY, "1e9"),
        ("biapi.manager.email", "nobody"),
        ("biapi.manager.email", "a@b.c, d@e.f"),
        ("webhooks.ca_cert", "-----BEGIN CERTIFICATE-----"),
        ("webhooks.ca_cert", "x" * 200_000),
        ("payment.state_updated_webhook.systematic", "0"),
        ("webhooks.time_to_live", "-1"),
        ("webhooks.time_to_live", "for ever"),
        ("no.such.key", "1"),
    ],
)
def test_what_is_not_allowed_changes_nothing(api, key, value):
    reply = api.call("POST", "/config", {CFONB: "1", key: value})
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert key in reply.body["message"]
    assert not ConfigEntry.objects.exists()
    assert not ConfigLog.objects.exists()


def test_authorities_are_taken(api):
    pem = make_certificate("127.0.0.1")[2].decode()
    reply = api.call("POST", "/config", {"webhooks.ca_cert": pem})
    assert reply.status == 200
    assert reply.body["webhooks.ca_cert"] == pem.strip()


def test_nothing_given_is_an_error(api):
    assert api.call("POST", "/config", {}).code == "missingParameter"


def test_changes_are_logged_with_what_was_before(api):
    for value in ("1", "1", "0", None, None):
        api.call("POST", "/config", {CFONB: value})
    reply = api.call("GET", "/config/logs")
    assert reply.body["total"] == 3
    assert [
        (log["type"], log["key"], log["previous_value"], log["new_value"])
        for log in reply.body["configlogs"]
    ] == [
        ("add", CFONB, None, "1"),
        ("update", CFONB, "1", "0"),
        ("delete", CFONB, "0", None),
    ]
    assert api.call("GET", "/config").body[CFONB] == "0"
    assert ConfigLog.objects.filter(actor__startswith="token ").count() == 3


def test_the_log_is_filtered(api):
    for key in (CFONB, COMPRESSION):
        api.call("POST", "/config", {key: "1"})
    ConfigLog.objects.filter(key=CFONB).update(
        timestamp=timezone.now() - timedelta(days=3)
    )
    today = timezone.now().date()

    def keys(query: str) -> list[str]:
        logs = api.call("GET", f"/config/logs?{query}").body["configlogs"]
        return [log["key"] for log in logs]

    assert keys("search=cfonb") == [CFONB]
    assert keys("type=add") == [CFONB, COMPRESSION]
    assert keys("type=delete") == []
    assert keys(f"min_date={today - timedelta(days=1)}") == [COMPRESSION]
    assert keys(f"max_date={today - timedelta(days=1)}") == [CFONB]
    for query in ("type=none", "min_date=yesterday", "max_date=0001-01-01", "a=1"):
        reply = api.call("GET", f"/config/logs?{query}")
        assert reply.status in (200, 400), query
    assert api.call("GET", "/config/logs?type=none").code == "invalidValue"


def test_a_value_is_at_most_a_second_old(api):
    assert not store.is_on(CFONB)
    api.call("POST", "/config", {CFONB: "1"})
    assert store.is_on(CFONB)


def test_other_tokens_are_refused():
    emitter = make_client(Scope.EMIT)
    assert emitter.call("GET", "/config").status == 403
    assert ApiClient().call("POST", "/config", {CFONB: "1"}).status == 401


def test_configured_authorities_are_trusted_from_the_next_run_on(tmp_path, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    with Receiver(tls=tls_context(tmp_path, "127.0.0.1")) as receiver:
        make_webhook(receiver.url("/"))
        emit("CONNECTION_SYNCED", b"{}")
        tasks.run_pump(tasks.transport(), None)
        assert DeliveryAttempt.objects.get().cause == "tls"
        authority = (tmp_path / "ca.pem").read_text()
        make_client(Scope.CONFIG).call("POST", "/config", {CA_CERT: authority})
        begin_execution()
        tasks.run_pump(tasks.transport(), None)
        assert WebhookData.objects.get().state == WebhookData.State.DELIVERED
    tasks.transport().close()
    tasks._transport.cache_clear()


def test_configured_compression_is_for_webhooks_that_do_not_say(receiver, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    make_webhook(receiver.url("/default"))
    make_webhook(receiver.url("/never"), compression=False)
    make_client(Scope.CONFIG).call("POST", "/config", {COMPRESSION: "1"})
    emit("CONNECTION_SYNCED", b"{}")
    tasks.run_pump(tasks.transport(), None)
    encodings = {
        each.target: each.headers.get("content-encoding")
        for each in receiver.record.deliveries()
    }
    assert encodings == {"/default": "gzip", "/never": None}
