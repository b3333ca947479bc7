"""`/livez`, `/readyz` and `/metrics`, and the figures that the database knows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings
from django.utils import timezone

from apps.auth_providers.models import OAuthToken
from apps.webhooks import figures, heartbeats, tasks
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.figures import database_figures
from apps.webhooks.models import (
    FlusherExecution,
    HealthBucket,
    Heartbeat,
    Lease,
    Webhook,
    WebhookAlert,
    WebhookData,
)
from tests.make import make_user, make_webhook
from tests.token_server import TokenServer

URL = "https://example.org/hook"
TOKEN = "a token of Prometheus"


@pytest.fixture
def client() -> Client:
    """As a kubelet calls: by an address, without TLS."""
    return Client(headers={"host": "10.1.2.3:8000"})


@pytest.fixture
def _production(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["hooks.example.com"]


@pytest.fixture
def _away():
    """Nobody answers where the database is said to be."""
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOST": "127.0.0.1", "PORT": "1"}.items():
            patch.setitem(connection.settings_dict, name, value)
        yield
    connection.close()


def emit(count: int = 1, **fields: Any) -> None:
    emission = Emission(event="CONNECTION_SYNCED", payload=b"{}", **fields)
    emit_many([emission] * count)


def scraped(client: Client, token: str = TOKEN) -> dict[str, float]:
    """The samples of /metrics."""
    with override_settings(WEBHOOKS_METRICS_TOKEN=TOKEN):
        answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", answer.content.decode(), re.M)
    return {name: float(value) for name, value in lines}


@pytest.mark.usefixtures("_production", "_away")
@pytest.mark.django_db(transaction=True)
def test_alive_is_who_answers_whatever_else_is_away(client):
    answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert client.head("/livez").status_code == 200


@pytest.mark.usefixtures("_production")
@pytest.mark.django_db
def test_ready_is_whose_database_answers_and_is_migrated(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "migrations": "ok",
        "redis": "ok",
        "flusher": "late",
        "workers": "silent",
    }


@pytest.mark.django_db
def test_it_tells_of_the_flusher_and_the_workers(client):
    begin_execution()
    heartbeats.note("one@host", ["control", "pump"])
    state = client.get("/readyz").json()
    assert (state["flusher"], state["workers"]) == ("ok", "ok")
    long_ago = timezone.now() - timedelta(minutes=4)
    FlusherExecution.objects.update(started_at=long_ago)
    Heartbeat.objects.filter(queue="pump").update(heard_at=long_ago)
    state = client.get("/readyz").json()
    assert (state["ready"], state["flusher"], state["workers"]) == (
        True,
        "late",
        "silent",
    )


@pytest.mark.django_db
def test_without_redis_it_is_ready_and_says_so(client, settings):
    tasks.mailbox.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        answer = client.get("/readyz")
    finally:
        tasks.mailbox.cache_clear()
    assert (answer.status_code, answer.json()["redis"]) == (200, "away")


@pytest.mark.django_db
def test_with_a_migration_missing_it_is_not_ready(client):
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app="webhooks").order_by("-name")[0].delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "missing")


@pytest.mark.usefixtures("_away")
@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_is_not_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "away",
        "migrations": "unknown",
        "redis": "ok",
        "flusher": "unknown",
        "workers": "unknown",
    }


@pytest.mark.django_db
def test_without_a_token_in_the_settings_there_are_no_metrics():
    answer = Client().get("/metrics", headers={"authorization": "Bearer "}, secure=True)
    assert answer.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_without_the_right_token_there_is_a_401(client, settings, header):
    settings.WEBHOOKS_METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json().keys() == {"code", "description", "message", "request_id"}


@pytest.mark.django_db
@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_the_probes_are_only_read(client, settings, path):
    settings.WEBHOOKS_METRICS_TOKEN = TOKEN
    settings.SECURE_SSL_REDIRECT = False
    settings.ALLOWED_HOSTS = ["*"]
    assert client.post(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("_production")
def test_an_idle_service_has_every_figure_of_the_database(client):
    found = scraped(client)
    zero = {name for name, value in found.items() if value == 0}
    assert zero >= {
        "bankhooks_backlog",
        "bankhooks_backlog_oldest_seconds",
        "bankhooks_delivery_lag_seconds",
        "bankhooks_flusher_last_execution_timestamp_seconds",
        "bankhooks_held",
        "bankhooks_quarantined",
        'bankhooks_recent_attempts{outcome="failed"}',
        'bankhooks_tokens{state="failing"}',
        'bankhooks_webhooks{state="cut_off"}',
        'bankhooks_workers{queue="control"}',
        'bankhooks_workers{queue="pump"}',
    }
    assert found["bankhooks_database_up"] == 1


@pytest.mark.usefixtures("_away")
@pytest.mark.django_db(transaction=True)
def test_without_the_database_the_metrics_say_that_it_is_away(client):
    found = scraped(client)
    assert found["bankhooks_database_up"] == 0
    assert "bankhooks_backlog" not in found


@pytest.mark.django_db
def test_the_states_of_webhook_data_are_counted():
    make_webhook(URL)
    make_webhook(URL)
    emit(3)
    emit(2, user=make_user(permanent=False).pk)
    first = WebhookData.objects.order_by("pk")[0]
    WebhookData.objects.filter(pk=first.pk).update(state=4)
    found = database_figures()
    assert (found.backlog, found.held, found.quarantined) == (5, 4, 1)


@pytest.mark.django_db
def test_workers_count_while_they_are_heard():
    heartbeats.note("one@host", ["control", "pump"])
    heartbeats.note("two@host", ["pump"])
    assert database_figures().workers == {"control": 1, "pump": 2}
    long_ago = timezone.now() - timedelta(minutes=4)
    Heartbeat.objects.filter(worker="two@host").update(heard_at=long_ago)
    assert database_figures().workers == {"control": 1, "pump": 1}
    heartbeats.note("two@host", ["pump"])
    heartbeats.forget("one@host")
    assert database_figures().workers == {"control": 0, "pump": 1}


@pytest.mark.django_db
def test_heartbeats_of_the_dead_are_swept_in_a_day():
    heartbeats.note("one@host", ["control", "pump"])
    Heartbeat.objects.filter(queue="pump").update(
        heard_at=timezone.now() - timedelta(hours=25)
    )
    heartbeats.purge_heartbeats()
    assert [each.queue for each in Heartbeat.objects.all()] == ["control"]


@pytest.mark.django_db
def test_counting_ends_at_its_limit(monkeypatch):
    make_webhook(URL)
    emit(10)
    monkeypatch.setattr(figures, "COUNTED", 7)
    assert database_figures().backlog == 7


@pytest.mark.django_db
def test_the_oldest_is_found_whenever_it_was_tried_last():
    now = timezone.now()
    for hours, execution in ((1, -1), (5, 3), (2, 9)):
        webhook = make_webhook(URL)
        emit()
        WebhookData.objects.filter(webhook=webhook).update(
            created_at=now - timedelta(hours=hours), last_execution=execution
        )
    assert database_figures().oldest == pytest.approx(5 * 3600, abs=60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lease", "tried", "overdue"),
    [
        ({}, -1, True),
        ({"cut_off_at": timezone.now()}, -1, False),
        ({"consecutive_failures": 1}, -1, False),
        ({"rest_until": timezone.now() + timedelta(hours=1)}, -1, False),
        ({}, 3, False),
    ],
)
def test_what_waits_for_its_receiver_is_no_lag(lease, tried, overdue):
    webhook = make_webhook(URL)
    emit()
    long_ago = timezone.now() - timedelta(minutes=5)
    WebhookData.objects.update(created_at=long_ago, last_execution=tried)
    Lease.objects.filter(webhook=webhook).update(**lease)
    expected = pytest.approx(300, abs=30) if overdue else 0
    assert database_figures().lag == expected


@pytest.mark.django_db
def test_a_webhook_that_fails_is_no_lag_between_two_cutoffs():
    webhook = make_webhook(URL)
    emit()
    WebhookData.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert database_figures().lag > 200
    WebhookAlert.objects.create(webhook=webhook, failing_since=timezone.now())
    found = database_figures()
    assert (found.lag, found.failing) == (0, 1)


@pytest.mark.django_db
def test_what_waits_for_a_token_is_no_lag():
    with TokenServer() as server:
        make_webhook(URL, auth_provider=server.provider())
    emit()
    WebhookData.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    found = database_figures()
    assert (found.lag, found.tokens_usable, found.tokens_waiting) == (0, 0, 1)
    OAuthToken.objects.update(state="failing", failures=3)
    assert database_figures().tokens_failing == 1


@pytest.mark.django_db
def test_a_cutoff_counts_until_the_next_execution():
    webhook = make_webhook(URL)
    execution = begin_execution()
    Lease.objects.filter(webhook=webhook).update(
        cut_off_at=timezone.now(), execution=execution
    )
    found = database_figures()
    assert (found.cut_off, found.flusher_execution) == (1, execution)
    assert found.flusher_began == pytest.approx(timezone.now().timestamp(), abs=30)
    begin_execution()
    assert database_figures().cut_off == 0


@pytest.mark.django_db
def test_paused_webhooks_count_until_the_pause_ends_and_are_no_lag():
    now = timezone.now()
    ends = (None, now + timedelta(hours=1), now - timedelta(minutes=1))
    for end in ends:
        paused = {"paused_at": now - timedelta(hours=1), "paused_until": end}
        Webhook.objects.filter(pk=make_webhook(URL).pk).update(**paused)
    make_webhook(URL, "USER_CREATED")
    emit()
    WebhookData.objects.update(created_at=now - timedelta(minutes=5))
    assert database_figures().paused == 2
    Webhook.objects.filter(paused_until__lt=now).update(paused_until=None)
    found = database_figures()
    assert (found.paused, found.lag) == (3, 0)


@pytest.mark.django_db
def test_outcomes_of_the_last_hour_are_those_of_settlement():
    webhook = make_webhook(URL)
    now = timezone.now()
    for ago, attempts, accepted in ((5, 10, 7), (20, 5, 5), (600, 100, 1)):
        HealthBucket.objects.create(
            webhook=webhook,
            began_at=now - timedelta(minutes=ago),
            attempts=attempts,
            accepted=accepted,
            duration_us=1,
        )
    found = database_figures()
    assert (found.recently_accepted, found.recently_failed) == (12, 3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [figures._COUNT, figures._OLDEST, figures._LAG],
    ids=["count", "oldest", "lag"],
)
def test_no_figure_reads_the_whole_queue(statement):
    """Not even while the statistics say that there is next to nothing in it."""
    make_webhook(URL)
    emit(500)
    WebhookData.objects.update(state=2, delivered_at=timezone.now())
    limits = {"most": figures.COUNTED, "heads": figures.HEADS}
    with connection.cursor() as cursor:
        cursor.execute(figures._BOUNDS)
        cursor.execute(f"EXPLAIN {statement}", limits)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on webhooks_webhookdata" not in plan
    for index in re.findall(r"(\S+) on webhooks_webhookdata", plan):
        assert index.startswith("webhookdata_")
