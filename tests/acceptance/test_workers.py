"""Real workers, real beat, real failures: nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from apps.webhooks import tasks
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import DeliveryAttempt, Lease, WebhookData
from tests.make import make_webhook

DELIVERED = WebhookData.State.DELIVERED


def ids() -> set[int]:
    return set(WebhookData.objects.values_list("id", flat=True))


def make_backlog(receiver, *, webhooks: int, events: int) -> set[int]:
    """Rows that no bell has told of yet."""
    for number in range(webhooks):
        make_webhook(receiver.url(f"/hook/{number}"))
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * events)
    return ids()


def until(condition: Callable[[], bool], timeout: float = 45) -> bool:
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def all_delivered() -> bool:
    return not WebhookData.objects.exclude(state=DELIVERED).exists()


def duplicates(receiver) -> int:
    return sum(count - 1 for count in receiver.record.per_id().values())


def test_an_event_is_delivered_after_its_commit_and_never_before(start, receiver):
    make_webhook(receiver.url("/"))
    start("pump")
    with transaction.atomic():
        emit("CONNECTION_SYNCED", {"a": 1})
        time.sleep(0.5)
        assert receiver.record.total == 0
    assert receiver.record.wait_for(1, 30)
    assert receiver.record.deliveries()[0].genuine
    assert until(all_delivered)


def test_a_rolled_back_event_was_never_emitted(start, receiver):
    make_webhook(receiver.url("/"))
    start("pump")
    with transaction.atomic():
        emit("CONNECTION_SYNCED", {"a": 1})
        transaction.set_rollback(True)
    emit("CONNECTION_SYNCED", {"a": 2})
    assert receiver.record.wait_for(1, 30)
    assert until(all_delivered)
    assert len(ids()) == receiver.record.total == 1


def test_beat_flushes_what_was_cut_off(start, receiver):
    make_webhook(receiver.url("/"))
    receiver.behave(status=503)
    for role in ("pump", "control", "beat"):
        start(role)
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 30)
    assert until(lambda: Lease.objects.filter(cut_off_at__isnull=False).exists())
    receiver.behave(status=204)
    assert until(all_delivered)
    per_execution = [
        DeliveryAttempt.objects.filter(execution=execution, status=503).count()
        for execution in set(
            DeliveryAttempt.objects.values_list("execution", flat=True)
        )
    ]
    assert max(per_execution) == 10


def test_a_worker_killed_in_mid_run_loses_nothing(start, receiver):
    receiver.behave(delay=0.02)
    rows = make_backlog(receiver, webhooks=20, events=75)
    worker = start("pump")
    for role in ("control", "beat"):
        start(role)
    for kill in range(1, 4):
        assert receiver.record.wait_for(kill * 300, 60)
        worker.kill()
        worker.start()
    assert until(all_delivered, 90)
    assert set(receiver.record.per_id()) == rows
    # At most what was in flight or not yet settled, of two pumps and three kills.
    assert duplicates(receiver) <= 3 * 2 * (20 * 32)
    assert not WebhookData.objects.filter(state=4).exists()


def test_flushing_redis_in_mid_run_loses_nothing(start, receiver):
    receiver.behave(delay=0.02)
    rows = make_backlog(receiver, webhooks=10, events=100)
    for role in ("pump", "control", "beat"):
        start(role)
    finished = threading.Event()

    def flush() -> None:
        while not finished.wait(0.2):
            tasks.mailbox().redis.flushall()

    thread = threading.Thread(target=flush)
    thread.start()
    try:
        assert receiver.record.wait_for(len(rows) // 2, 60)
        emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 20)
        assert until(all_delivered, 60)
    finally:
        finished.set()
        thread.join()
    assert set(receiver.record.per_id()) == ids()
    assert duplicates(receiver) == 0


def test_a_terminated_worker_finishes_what_is_in_flight(start, receiver):
    receiver.behave(delay=0.3)
    rows = make_backlog(receiver, webhooks=10, events=20)
    worker = start("pump")
    tasks.wake()
    assert receiver.record.wait_for(15, 30)
    worker.terminate()
    sent = receiver.record.total
    assert WebhookData.objects.filter(state=DELIVERED).count() == sent
    assert not Lease.objects.filter(leased_until__isnull=False).exists()
    receiver.behave(delay=0)
    worker.start()
    assert until(all_delivered)
    assert set(receiver.record.per_id()) == rows
    assert duplicates(receiver) == 0


def test_a_dead_receiver_does_not_hold_up_the_healthy(start, receiver):
    """All healthy deliveries are in before the dead one's first deadline is."""
    dead = make_webhook(receiver.url("/dead"))
    receiver.behave("/dead", hang=True)
    for number in range(50):
        make_webhook(receiver.url(f"/healthy/{number}"))
    start("pump", WEBHOOKS_DEADLINE="25", WEBHOOKS_LEASE="30")
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 20)
    healthy = WebhookData.objects.exclude(webhook=dead)
    assert until(lambda: not healthy.exclude(state=DELIVERED).exists())
    assert not DeliveryAttempt.objects.filter(webhook=dead).exists()


def test_the_cutoff_is_exact_under_overlapping_executions(start, receiver):
    make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    make_backlog(receiver, webhooks=0, events=300)
    for _ in range(2):
        start("pump")

    def settled() -> bool:
        return not Lease.objects.filter(leased_until__isnull=False).exists()

    tasks.wake()
    assert until(lambda: DeliveryAttempt.objects.count() >= 10)
    for _ in range(3):
        threads = [threading.Thread(target=tick) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert until(settled)
    time.sleep(1)
    counts = {
        execution: DeliveryAttempt.objects.filter(execution=execution).count()
        for execution in DeliveryAttempt.objects.values_list("execution", flat=True)
    }
    assert set(counts.values()) == {10}
    assert receiver.record.total == 10 * len(counts)


def tick() -> None:
    begin_execution(apart=0.5)
    tasks.wake()
    connection.close()


def test_without_redis_emit_commits_and_a_pump_still_delivers(
    start, receiver, services, run_pump
):
    make_webhook(receiver.url("/"))
    services.redis.kill()
    try:
        for _ in range(20):
            emit("CONNECTION_SYNCED", {})
        assert len(ids()) == 20
        run_pump()
        assert until(all_delivered)
    finally:
        services.redis.start()
    assert duplicates(receiver) == 0


def test_a_worker_with_settings_that_cannot_be_right_does_not_start(start):
    worker = start("pump", WEBHOOKS_LEASE="1")
    assert worker.popen.wait(30) != 0
    assert "webhooks.E001: WEBHOOKS_LEASE is 1 s" in worker.log()


@pytest.mark.parametrize(
    ("role", "variable", "url", "sentence"),
    [
        ("pump", "REDIS_URL", "redis://127.0.0.1:1/0", "Redis cannot be reached: "),
        ("beat", "REDIS_URL", "redis://127.0.0.1:1/0", "Redis cannot be reached: "),
        (
            "control",
            "DATABASE_URL",
            "postgresql://nobody@127.0.0.1:1/none",
            "The database cannot be reached: ",
        ),
    ],
)
def test_what_cannot_be_reached_at_start_is_said_in_a_line(
    start, role, variable, url, sentence
):
    worker = start(role, **{variable: url})
    assert worker.popen.wait(30) != 0
    said = [line for line in worker.log().splitlines() if sentence in line]
    assert len(said) == 1
    assert "Traceback" not in worker.log()
