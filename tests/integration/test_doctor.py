"""`manage.py doctor`: what it finds, and what it says of what is away."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from apps.encryption.keyring import new_key
from apps.webhooks import doctor, heartbeats, tasks
from apps.webhooks.emit import emit
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import FlusherExecution, Heartbeat
from tests.deployment import PROJECT
from tests.make import make_provider, make_webhook
from tests.services import KEYS

NAMES = [
    "settings",
    "database",
    "migrations",
    "clock",
    "keys",
    "backlog",
    "redis",
    "beat",
]
QUEUES = ["worker control", "worker pump"]


def run(*arguments: str) -> tuple[int, str]:
    """The exit status and what was said."""
    output = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=output)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def report(*arguments: str) -> dict[str, Any]:
    """The findings by name, with the exit status."""
    status, said = run("--format", "json", *arguments)
    answer = json.loads(said)
    assert (status == 0) == answer["ok"]
    found = {each["name"]: each for each in answer["findings"]}
    return {**found, "status": status}


@pytest.fixture
def _away(monkeypatch):
    """Nobody answers where the database is said to be."""
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOST": "127.0.0.1", "PORT": "1"}.items():
            patch.setitem(connection.settings_dict, name, value)
        yield
    connection.close()


@pytest.mark.django_db
def test_a_line_for_each_thing_that_is_looked_at():
    begin_execution()
    status, said = run()
    lines = said.splitlines()
    assert status == 1
    assert [line[2:18].strip() for line in lines if line[0] in "✓✗-"] == NAMES + QUEUES
    assert {line[0] for line in lines[: len(NAMES)]} == {"✓"}
    assert lines[-2:] == [
        "✗ worker pump     no worker has been heard of this queue",
        "                  → celery -A webhooks_project worker -Q pump",
    ]


@pytest.mark.django_db
def test_json_says_the_same():
    begin_execution()
    found = report()
    assert found["status"] == 1
    assert [name for name in found if name in NAMES + QUEUES] == NAMES + QUEUES
    assert all(found[name]["ok"] for name in NAMES)
    assert found["database"]["says"].startswith("PostgreSQL 1")


@pytest.mark.django_db
def test_beat_is_alive_as_long_as_executions_are_young():
    assert report()["beat"]["says"] == "the flusher has never been executed"
    begin_execution()
    assert report()["beat"]["ok"]
    long_ago = timezone.now() - timedelta(minutes=10)
    FlusherExecution.objects.update(started_at=long_ago)
    beat = report()["beat"]
    assert (beat["ok"], beat["says"]) == (
        False,
        "the flusher's last execution began 600 s ago",
    )
    assert "beat" in beat["mend"]


@pytest.mark.django_db
def test_a_queue_has_a_worker_that_is_heard():
    heartbeats.note("one@host", ["control"])
    found = report()
    assert found["worker control"]["says"] == "1 worker, heard 0 s ago"
    assert found["worker pump"]["says"] == "no worker has been heard of this queue"
    Heartbeat.objects.update(heard_at=timezone.now() - timedelta(minutes=10))
    control = report()["worker control"]
    assert (control["ok"], control["says"]) == (
        False,
        "no worker has been heard of this queue for 600 s",
    )


@pytest.mark.django_db
def test_a_backlog_is_told_of_before_events_are_refused(settings):
    webhook = make_webhook("https://receiver.example.com/")
    settings.WEBHOOKS_MAX_BACKLOG = 2
    emit(webhook.event, {})
    assert report()["backlog"]["ok"]
    emit(webhook.event, {})
    found = report()["backlog"]
    assert not found["ok"]
    assert found["says"] == "2 to be sent; from 2 on POST /events is refused"
    settings.WEBHOOKS_MAX_BACKLOG = 0
    assert report()["backlog"]["says"] == "2 to be sent"


@pytest.mark.django_db
def test_a_redis_that_evicts_is_a_fault():
    redis = tasks.mailbox().redis
    assert report()["redis"]["ok"]
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = report()["redis"]
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    assert not found["ok"]
    assert found["says"] == "its maxmemory-policy is allkeys-lru"


@pytest.mark.django_db
def test_migrations_that_are_missing_are_counted():
    recorder = MigrationRecorder(connection)
    newest = recorder.migration_qs.filter(app="webhooks").order_by("name").last()
    assert newest is not None
    newest.delete()
    found = report()["migrations"]
    assert not found["ok"]
    assert found["says"] == f"1 not applied, webhooks.{newest.name} first"
    assert found["mend"] == "python manage.py migrate"


@pytest.mark.django_db
def test_a_key_that_is_gone_is_named_and_no_secret_is(settings):
    make_provider()
    assert "secrets open" in report()["keys"]["says"]
    settings.WEBHOOKS_ENCRYPTION_KEYS = [new_key("other")]
    found = report()["keys"]
    assert not found["ok"]
    assert found["says"] == "Encryption key 'test1' is not in the ring."
    assert settings.WEBHOOKS_ENCRYPTION_KEYS[0] not in str(found)


@pytest.mark.django_db
def test_a_clock_that_differs_from_the_databases_is_a_fault(monkeypatch):
    assert report()["clock"]["ok"]
    # This machine's clock cannot be set here: nothing is near enough instead.
    monkeypatch.setattr(doctor, "SKEW_SECONDS", -1.0)
    found = report()["clock"]
    assert not found["ok"]
    assert "s ahead of the database's" in found["says"] or "behind" in found["says"]
    assert "Synchronise" in found["mend"]


@pytest.mark.django_db
def test_settings_that_cannot_be_right_are_a_finding(settings):
    settings.WEBHOOKS_LEASE = 1.0
    found = report()["settings"]
    assert not found["ok"]
    assert found["says"].startswith("webhooks.E001: ")
    assert "WEBHOOKS_LEASE >=" in found["mend"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_away")
def test_without_the_database_there_is_one_line_of_it():
    status, said = run()
    lines = said.splitlines()
    assert status == 1
    (index,) = [i for i, line in enumerate(lines) if line.startswith("✗ database")]
    assert "Connection refused" in lines[index]
    assert "DATABASE_URL" in lines[index + 1]
    behind = [line for line in lines if line.endswith("without the database")]
    assert [line[:14].split()[1] for line in behind] == [
        "migrations",
        "clock",
        "keys",
        "backlog",
        "beat",
        "worker",
        "worker",
    ]
    assert "Traceback" not in said


@pytest.mark.django_db
def test_without_redis_there_is_one_line_of_it(settings):
    begin_execution()
    heartbeats.note("one@host", ["control", "pump"])
    tasks.mailbox.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        status, said = run()
    finally:
        tasks.mailbox.cache_clear()
    lines = said.splitlines()
    assert status == 1
    (index,) = [i for i, line in enumerate(lines) if line.startswith("✗ redis")]
    assert "REDIS_URL" in lines[index + 1]
    assert [line for line in lines if line.startswith("✓ beat")]
    assert sum("✗" in line for line in lines) == 1


@pytest.mark.django_db
def test_the_way_out_is_tried_if_wished(receiver, settings):
    settings.WEBHOOKS_ALLOW_HTTP = True
    url = receiver.url("/way-out")
    assert "way out" not in report()
    refused = report("--way-out", url)["way out"]
    assert not refused["ok"]
    assert "refused" in refused["says"]
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    receiver.behave(status=404)
    found = report("--way-out", url)["way out"]
    assert found["ok"]
    assert found["says"].startswith("answered 404 in ")
    assert receiver.record.total == 1


@pytest.mark.django_db
def test_a_way_out_that_is_closed_is_a_fault(settings):
    settings.WEBHOOKS_ALLOW_HTTP = True
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    found = report("--way-out", "http://127.0.0.1:1/")["way out"]
    assert (found["ok"], found["says"]) == (False, "no answer: connect")


def test_a_process_with_nothing_around_it_says_so_in_lines():
    away = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": KEYS["SECRET_KEY"],
        "WEBHOOKS_ENCRYPTION_KEYS": new_key("k1"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=PROJECT,
        env=away,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "")
    wrong = [line.split()[1] for line in done.stdout.splitlines() if line[0] == "✗"]
    assert wrong == ["database", "redis"]
