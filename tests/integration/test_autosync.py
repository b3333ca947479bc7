"""The background synchronisation: what is due, once, even if two look for it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.db.models import QuerySet
from django.utils import timezone

from apps.configuration.store import change
from apps.connections.models import Connection
from apps.event_log.models import Event
from apps.webhooks.autosync import run_autosync
from apps.webhooks.background import autosync
from apps.webhooks.connections import connect, disconnect
from tests.make import make_user
from webhooks_project.celery import app

FIELDS = {"id_connector": 40, "login": "claire", "activate": True, "transactions": 20}


def connections(count: int, **fields: Any) -> list[int]:
    """So many, each of a user of its own, all due."""
    made = [connect(make_user().pk, **FIELDS | fields) for _ in range(count)]
    ids = [connection.pk for connection in made]
    Connection.objects.update(next_sync_at=timezone.now() - timedelta(hours=1))
    return ids


def synced() -> QuerySet[Event]:
    origin = Event.Origin.SYNC
    return Event.objects.filter(name="CONNECTION_SYNCED", origin=origin)


@pytest.mark.django_db
def test_what_is_due_is_synchronised_and_due_again_a_day_later():
    connections(3)
    assert run_autosync() == (3, False)
    assert synced().count() == 3
    assert run_autosync() == (0, False)
    for connection in Connection.objects.all():
        assert connection.next_sync_at is not None
        wait = connection.next_sync_at - timezone.now()
        assert timedelta(hours=11) < wait < timedelta(hours=37)
        assert connection.sync_number == 2


@pytest.mark.django_db
def test_its_events_say_where_they_come_from():
    connections(1)
    requested = set(Event.objects.values_list("origin", flat=True))
    run_autosync()
    assert requested == {Event.Origin.API}
    assert set(Event.objects.values_list("source", flat=True)) == {"sync"}
    events = Event.objects.filter(origin=Event.Origin.SYNC).order_by("pk")
    told = list(events.values_list("name", flat=True))
    assert (told[0], told[-1]) == ("ACCOUNTS_FETCHED", "CONNECTION_SYNCED")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "value", "synchronised", "events"),
    [
        ("autosync.enabled", "0", 0, 0),
        ("autosync.send_update", "0", 1, 0),
        ("autosync.frequency", "7", 1, 1),
    ],
)
def test_it_follows_the_configuration(key, value, synchronised, events):
    connections(1)
    change({key: value}, actor="test")
    assert run_autosync() == (synchronised, False)
    assert synced().count() == events
    if key == "autosync.frequency":
        earliest = timezone.now() + timedelta(days=3)
        assert Connection.objects.filter(next_sync_at__gt=earliest).exists()


@pytest.mark.django_db
def test_wrong_passwords_are_left_alone_if_so_configured():
    connections(1, login="wrongpass")
    change({"autosync.retry_wrongpass": "0"}, actor="test")
    run_autosync()
    assert Connection.objects.get().next_sync_at is None


@pytest.mark.django_db
def test_deleted_connections_and_those_of_deleted_users_are_never_due():
    first, second = connections(2)
    disconnect(Connection.objects.get(pk=first).user_id, first)
    user = Connection.objects.get(pk=second).user
    user.deleted_at = timezone.now()
    user.save(update_fields=["deleted_at"])
    assert run_autosync() == (0, False)


@pytest.mark.django_db
def test_a_turn_ends_and_says_that_there_is_more():
    connections(2)
    assert run_autosync(seconds=0.0) == (0, True)
    assert synced().count() == 0


def test_workers_know_every_task_of_the_schedule():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "webhooks.autosync" in scheduled
    assert scheduled <= set(app.tasks)


@pytest.mark.django_db
def test_the_task_takes_a_turn():
    connections(1)
    autosync()
    assert synced().count() == 1


@pytest.mark.django_db(transaction=True)
def test_overlapping_runs_synchronise_once():
    connections(8)
    together = threading.Barrier(3)
    counts: list[int] = []

    def run() -> None:
        together.wait()
        counts.append(run_autosync()[0])
        database.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 8
    assert synced().count() == 8
    assert set(Connection.objects.values_list("sync_number", flat=True)) == {2}
