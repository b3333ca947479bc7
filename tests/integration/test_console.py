"""The dashboard: what it tells, to whom, and by which queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.webhooks.console import overview
from apps.webhooks.console.conditions import Kind, conditions_of
from apps.webhooks.console.overview import (
    backlog,
    health_over,
    queued,
    recent_failures,
    slow_over,
    total,
)
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import DeliveryAttempt, HealthBucket, Lease, Webhook
from apps.webhooks.pauses import pause_webhook
from apps.webhooks.schedule import flusher_now
from tests.browser.world import fill
from tests.make import make_webhook
from tests.plans import plan_of, pretend_large

pytestmark = pytest.mark.django_db
BIG = ("webhooks_webhookdata", "webhooks_deliveryattempt")


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("administrator"))
    return client


def dashboard(client: Client, query: str = "", **headers: str) -> str:
    reply = client.get(reverse("admin:index") + query, secure=True, headers=headers)
    assert reply.status_code == 200
    return unescape(reply.content.decode())


def condition_of(webhook: Webhook):
    row = Webhook.objects.select_related("lease").get(pk=webhook.pk)
    (found,) = conditions_of([row], flusher_now())
    return found


def add_health(webhook: Webhook, *, attempts=20, accepted=20, seconds=0.1, hours=1):
    HealthBucket.objects.create(
        webhook=webhook,
        began_at=timezone.now() - timedelta(hours=hours),
        attempts=attempts,
        accepted=accepted,
        duration_us=int(attempts * seconds * 1e6),
    )


def add_attempts(webhook: Webhook, count: int, cause="timeout", status=None) -> None:
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            webhook=webhook,
            webhook_data_id=1,
            number=1,
            token=1,
            execution=1,
            started_at=timezone.now(),
            cause=cause,
            status=status,
            total_us=1,
            body_bytes=1,
            sent_bytes=1,
        )
        for _ in range(count)
    )


def test_each_kind_of_webhook_is_told_apart():
    execution = begin_execution()
    made = {
        kind: make_webhook(None if kind is Kind.NO_URL else "https://example.org/")
        for kind in Kind
    }
    for kind in (Kind.HEALTHY, Kind.RESTING, Kind.CUT_OFF):
        add_health(made[kind])
    add_health(made[Kind.WARNING], accepted=10)
    Webhook.objects.filter(pk=made[Kind.DISABLED].pk).update(deleted_at=timezone.now())
    made[Kind.PAUSED] = pause_webhook(
        made[Kind.PAUSED].pk, actor="boss", note="They move."
    )
    Lease.objects.filter(webhook=made[Kind.CUT_OFF]).update(
        execution=execution,
        consecutive_failures=10,
        timeouts=1,
        cut_off_at=timezone.now(),
    )
    until = timezone.now() + timedelta(minutes=5)
    Lease.objects.filter(webhook=made[Kind.RESTING]).update(rest_until=until)
    for kind, webhook in made.items():
        assert condition_of(webhook).kind is kind
    cut_off = condition_of(made[Kind.CUT_OFF])
    assert cut_off.counters == "failures 10/10, timeouts 1/2"
    assert cut_off.until == pytest.approx(
        timezone.now() + timedelta(seconds=60), abs=timedelta(seconds=10)
    )
    assert condition_of(made[Kind.RESTING]).until == until
    assert condition_of(made[Kind.WARNING]).why.startswith("Less than 90%")
    assert condition_of(made[Kind.PAUSED]).why.endswith("They move.")


def test_the_next_execution_ends_a_cutoff_and_its_counters():
    webhook = make_webhook("https://example.org/")
    Lease.objects.update(
        execution=begin_execution(),
        consecutive_failures=10,
        timeouts=0,
        cut_off_at=timezone.now(),
    )
    assert condition_of(webhook).kind is Kind.CUT_OFF
    begin_execution()
    assert condition_of(webhook).kind is Kind.IDLE
    assert condition_of(webhook).counters == ""


def test_a_slow_webhook_is_said_to_be_slow():
    webhook = make_webhook("https://example.org/")
    add_health(webhook, seconds=4.0)
    assert condition_of(webhook).why == "An attempt takes more than 3 s on average."


def test_the_backlog_is_counted_and_dated():
    assert backlog() == ((0, False), None)
    webhook = make_webhook("https://example.org/")
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 3)
    number, oldest = backlog()
    assert str(number) == "3"
    assert oldest is not None
    assert timezone.now() - oldest < timedelta(minutes=1)
    assert queued([webhook.pk]) == {webhook.pk: (3, False)}


def test_counting_ends_somewhere(monkeypatch):
    monkeypatch.setattr(overview, "COUNTED", 5)
    webhook = make_webhook("https://example.org/")
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 7)
    assert str(backlog().number) == "5+"
    assert str(queued([webhook.pk])[webhook.pk]) == "5+"


def test_failures_are_grouped_by_what_was_wrong():
    one, other = make_webhook("https://a.example/"), make_webhook("https://b.example/")
    add_attempts(one, 2)
    add_attempts(other, 1)
    add_attempts(one, 2, cause="status", status=503)
    add_attempts(one, 5, cause="accepted", status=204)
    groups, is_capped = recent_failures()
    assert [
        (each.cause, each.status, each.times, each.webhooks) for each in groups
    ] == [
        ("timeout", None, 3, 2),
        ("status", 503, 2, 1),
    ]
    assert not is_capped
    assert groups[0].plain.sentence == "The receiver did not answer in time."


def test_failures_of_the_day_before_are_not_told():
    add_attempts(make_webhook("https://a.example/"), 2)
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(hours=25))
    assert recent_failures().groups == []


def test_reading_failures_ends_somewhere(monkeypatch):
    monkeypatch.setattr(overview, "FAILURES_READ", 3)
    add_attempts(make_webhook("https://a.example/"), 4)
    groups, is_capped = recent_failures()
    assert (groups[0].times, is_capped) == (3, True)


def test_health_over_time_has_a_span_for_every_hour_and_adds_up():
    one, other = make_webhook("https://a.example/"), make_webhook("https://b.example/")
    for hours in (0, 2, 5):
        add_health(one, hours=hours)
        add_health(other, hours=hours, accepted=10)
    add_health(one, hours=30)
    spans = health_over(timedelta(days=1), timedelta(hours=1))
    assert len(spans) == 24
    assert (
        spans[-1].began_at <= timezone.now() < spans[-1].began_at + timedelta(hours=1)
    )
    steps = {later.began_at - one.began_at for one, later in pairwise(spans)}
    assert steps == {timedelta(hours=1)}
    assert (total(spans).attempts, total(spans).accepted) == (120, 90)
    week = health_over(timedelta(days=7), timedelta(hours=6))
    assert (len(week), total(week).attempts) == (28, 140)


def test_how_slow_the_slowest_are_is_told_of_one_webhook_by_the_hour():
    webhook, other = (
        make_webhook("https://a.example/"),
        make_webhook("https://b.example/"),
    )
    add_attempts(webhook, 100)
    add_attempts(other, 1)
    for number, each in enumerate(DeliveryAttempt.objects.filter(webhook=webhook)):
        each.total_us = (number + 1) * 10_000
        each.save()
    DeliveryAttempt.objects.filter(webhook=webhook, total_us=990_000).update(kind=1)
    spans = health_over(timedelta(days=1), timedelta(hours=1))
    slow = slow_over(spans, timedelta(hours=1), webhook.pk)
    assert slow == [None] * 23 + [0.95]


def test_of_very_many_attempts_the_last_tell_how_slow_they_are(monkeypatch):
    monkeypatch.setattr(overview, "ATTEMPTS_READ", 2)
    webhook = make_webhook("https://a.example/")
    add_attempts(webhook, 3)
    first = DeliveryAttempt.objects.earliest("pk")
    DeliveryAttempt.objects.filter(pk=first.pk).update(
        started_at=timezone.now() - timedelta(seconds=1), total_us=9_000_000
    )
    spans = health_over(timedelta(days=1), timedelta(hours=1))
    assert slow_over(spans, timedelta(hours=1), webhook.pk)[-1] == 0.000001


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (
            overview._SLOW,
            [1, timedelta(hours=1), 1000, [datetime(2026, 1, 1, tzinfo=UTC)]],
            "attempt_of_webhook",
        ),
        (overview._BACKLOG, [10], "webhookdata_pending"),
        (overview._QUEUED, [10, [1, 2]], "webhookdata_pending"),
        (
            overview._FAILURES.format(recent=overview._RECENT_FAILURES),
            [10, "2020-01-01", 8],
            "attempt_failed",
        ),
        (
            overview._FAILURES.format(
                recent=overview._FAILURES_OF_ONE.format(webhook=1)
            ),
            [10, "2020-01-01", 8],
            "attempt_of_webhook",
        ),
    ],
)
def test_an_index_serves_what_is_read_of_big_tables(statement, parameters, index):
    fill()
    pretend_large()
    plan = plan_of(statement, parameters)
    assert index in plan
    assert "Seq Scan on webhooks_" not in plan
    below = plan[plan.index("Limit") :]
    assert below.index(index) < len(below)
    assert "Sort" not in below[: below.index(index)]


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (overview._HOURLY, [[1, 2], "2026-11-25"]),
        (
            overview._HEALTH.format(of_one="AND webhook_id = %s"),
            ["1 hour", "2026-11-25", 1],
        ),
    ],
)
def test_the_health_of_some_webhooks_is_read_without_that_of_others(
    statement, parameters
):
    fill()
    pretend_large()
    plan = plan_of(statement, parameters)
    assert "Seq Scan" not in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "webhook_id =" in condition
    assert "began_at >=" in condition


def test_more_webhooks_cost_no_more_queries(administrator, django_assert_num_queries):
    def queries() -> list[str]:
        with connection.execute_wrapper(note):
            seen.clear()
            dashboard(administrator)
        return list(seen)

    seen: list[str] = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    make_webhook("https://example.org/")
    first = queries()
    for _ in range(30):
        add_health(make_webhook("https://example.org/"))
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 5)
    assert len(queries()) == len(first)
    for sql in seen:
        assert not any(table in sql for table in BIG) or "LIMIT" in sql


def test_the_dashboard_tells_all_of_it(administrator):
    begin_execution()
    add_health(make_webhook("https://example.org/hook"))
    add_attempts(make_webhook(None), 2, cause="status", status=401)
    page = dashboard(administrator)
    for told in (
        "https://example.org/hook",
        "Healthy",
        "No URL yet",
        "The receiver answered 401.",
        "warning below 90%",
        "nothing waits",
        'role="img"',
        "The same as a table",
    ):
        assert told in page
    assert 'aria-current="page">7 days' in dashboard(administrator, "?range=7d")
    assert 'aria-current="page">24 hours' in dashboard(administrator, "?range=never")


def test_the_script_gets_the_living_part_alone(administrator):
    make_webhook("https://example.org/")
    url = reverse("admin:index")
    reply = administrator.get(url, secure=True, headers={"X-Console-Fragment": "1"})
    assert reply.headers["X-Console-Fragment"] == "1"
    assert "no-store" in reply.headers["Cache-Control"]
    assert b"<html" not in reply.content
    assert b"https://example.org/" in reply.content


def test_an_empty_installation_is_told_its_first_steps(administrator):
    page = dashboard(administrator)
    assert "Three steps to the first delivery" in page
    make_webhook("https://example.org/")
    assert "Three steps" not in dashboard(administrator)
