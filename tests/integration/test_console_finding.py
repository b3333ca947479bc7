"""The list of deliveries: it finds what the table has, by an index."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.event_log.models import Event
from apps.webhooks.console.deliveries import candidates as module
from apps.webhooks.console.deliveries import finding
from apps.webhooks.console.deliveries.bounds import Bounds, bounds_of
from apps.webhooks.console.deliveries.candidates import candidates
from apps.webhooks.console.deliveries.criteria import CLASSES, STATES, Criteria
from apps.webhooks.console.deliveries.finding import SHOWN, find
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.models import DeliveryAttempt, WebhookData
from tests.browser.world import fill
from tests.make import make_user, make_webhook
from tests.plans import plan_of, pretend_large

pytestmark = pytest.mark.django_db
State = WebhookData.State
ENDS = [("timeout", None), ("status", 503), ("status", 404), ("accepted", 204)]


@pytest.fixture
def options() -> dict[str, list[Any]]:
    """Deliveries of every kind; what to ask for."""
    users = [make_user(), make_user()]
    hooks = [make_webhook("https://a.example/"), make_webhook("https://b.example/")]
    hooks.append(make_webhook("https://c.example/", event="USER_CREATED"))
    emit_many(
        [
            Emission(
                event=("CONNECTION_SYNCED", "USER_CREATED")[number % 2],
                payload=b"{}",
                user=users[number % 3 % 2].pk,
            )
            for number in range(40)
        ]
    )
    Event.objects.filter(pk__in=[each.pk for each in Event.objects.all()[::5]]).update(
        origin="sync"
    )
    now = timezone.now()
    for number, row in enumerate(WebhookData.objects.order_by("pk")):
        row.state = list(WebhookData.State)[number % 6]
        row.attempts = 0 if row.state in (State.HELD, State.PLANNED) else number % 4
        row.last_execution = 7 if row.attempts else -1
        row.created_at = now - timedelta(hours=200 - number)
        row.delivered_at = now if row.state == State.DELIVERED else None
        row.save()
        for attempt in range(row.attempts):
            add_attempt(row, *ENDS[(number + attempt) % 4])
    return {
        "state": list(STATES),
        "event": ["USER_CREATED", "CONNECTION_SYNCED"],
        "webhook": [each.pk for each in hooks],
        "user": [each.pk for each in users],
        "of_event": [Event.objects.order_by("pk")[6].pk],
        "outcome": ["timeout", "5xx", "dns"],
        "status": [503],
        "origin": ["sync"],
        "since": [now - timedelta(hours=170)],
        "until": [now - timedelta(hours=160)],
    }


def add_attempt(row: WebhookData, cause: str, status: int | None) -> None:
    DeliveryAttempt.objects.create(
        webhook_data=row,
        webhook_id=row.webhook_id,
        number=1,
        token=1,
        execution=1,
        started_at=timezone.now(),
        cause=cause,
        status=status,
        total_us=1000,
        body_bytes=2,
        sent_bytes=2,
    )


def questions(options: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """None, each alone, each two together."""
    yield {}
    for name, values in options.items():
        yield from ({name: value} for value in values)
    for one, other in combinations(options, 2):
        if (one, other) == ("outcome", "status"):
            # A status says more, and stands alone.
            continue
        for first in options[one]:
            yield {one: first, other: options[other][-1]}
            yield {one: first, other: options[other][0]}


def expected(asked: dict[str, Any]) -> list[int]:
    """The same by the table alone."""
    rows = WebhookData.objects.order_by("-pk")
    log = DeliveryAttempt.objects.filter(webhook_data=OuterRef("pk"))
    pending = Q(state=State.PENDING)
    for name, value in asked.items():
        if name == "state":
            states = {
                "failing": pending & Q(attempts__gt=0),
                "waiting": pending & Q(attempts=0),
            }
            rows = rows.filter(
                states.get(value) or Q(state=WebhookData.State[value.upper()])
            )
        elif name == "outcome":
            first = CLASSES[value] * 100 if value in CLASSES else None
            ended = (
                log.filter(cause=value)
                if first is None
                else log.filter(status__range=(first, first + 99))
            )
            rows = rows.filter(Exists(ended.exclude(cause="accepted")))
        elif name == "status":
            rows = rows.filter(Exists(log.filter(status=value)))
        else:
            column = {
                "event": "event__name",
                "user": "event__user",
                "of_event": "event",
                "origin": "event__origin",
                "since": "created_at__gte",
                "until": "created_at__lt",
            }.get(name, name)
            rows = rows.filter(**{column: value})
    return list(rows.values_list("pk", flat=True))


def test_every_filter_and_every_two_find_what_there_is(options):
    asked_for = list(questions(options))
    assert len(asked_for) > 200
    for asked in asked_for:
        found = find(Criteria(**asked))
        assert [row.id for row in found.rows] == expected(asked)[:SHOWN], asked


@pytest.mark.parametrize("looked_at", [5_000, 7])
def test_page_by_page_nothing_is_left_out_or_shown_twice(
    options, monkeypatch, looked_at
):
    """However few candidates are looked at, who goes on finds all of them."""
    for name in ("LOOKED_AT", "MOST_STEPS", "PAGE"):
        monkeypatch.setattr(module, name, looked_at)
    for asked in questions(options):
        if asked.keys() & {"user", "of_event"}:
            continue
        ids, before, pages = [], None, 0
        while True:
            found = find(Criteria(**asked), before, size=4)
            ids += [row.id for row in found.rows]
            before, pages = found.next_before, pages + 1
            assert pages < 100
            if before is None:
                break
        assert ids == expected(asked), asked


def test_the_list_is_a_file_with_every_line_and_no_payload(options):
    user = User.objects.create_superuser("somebody")
    client = Client()
    client.force_login(user)

    def text(kind: str, query: str = "") -> str:
        url = reverse(f"admin:deliveries_{kind}") + query
        reply = client.get(url, secure=True)
        assert reply.headers["Content-Disposition"].startswith("attachment")
        return reply.getvalue().decode()

    lines = [json.loads(line) for line in text("ndjson").splitlines()]
    assert [line["id_webhook_data"] for line in lines] == expected({})
    assert not any("payload" in line for line in lines)
    table = list(csv.DictReader(text("csv", "?state=failing").splitlines()))
    failing = expected({"state": "failing"})
    assert [int(line["id_webhook_data"]) for line in table] == failing
    assert {line["state"] for line in table} == {"pending"}


def test_a_line_tells_of_the_last_attempt(options):
    (row,) = find(Criteria(), size=1).rows
    add_attempt(WebhookData.objects.get(pk=row.id), "tls", None)
    (row,) = find(Criteria(), size=1).rows
    assert (row.cause, row.status, row.seconds) == ("tls", None, 0.001)


def test_dates_lead_to_ids_across_gaps(options):
    row = WebhookData.objects.order_by("pk")[20]
    WebhookData.objects.filter(pk__range=(row.pk - 9, row.pk - 1)).delete()
    bounds = bounds_of(row.created_at, None, None)
    assert row.pk - 10 < bounds.first <= row.pk
    assert bounds_of(timezone.now() + timedelta(days=1), None, None).first > row.pk
    WebhookData.objects.all().delete()
    assert bounds_of(row.created_at, row.created_at, None) == Bounds(0, 0)
    assert find(Criteria(since=row.created_at)).rows == []


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "webhooks_webhookdata_pkey"),
        ({"webhook": 1}, "webhookdata_of_webhook"),
        ({"webhook": 1, "state": "failing"}, "webhookdata_failing"),
        ({"webhook": 1, "state": "waiting"}, "webhookdata_pending"),
        ({"event": "CONNECTION_SYNCED"}, "webhookdata_of_webhook"),
        ({"state": "failing"}, "webhookdata_failing"),
        ({"state": "held"}, "webhookdata_held"),
        ({"state": "quarantined"}, "webhookdata_quarantined"),
        ({"user": 1}, "event_of_user"),
        ({"of_event": 1}, "webhookdata_once_per_event"),
        ({"outcome": "5xx"}, "attempt_outcome"),
    ],
)
def test_an_index_serves_each_list(asked, index):
    plans: list[str] = []

    def explain(execute, sql, params, many, context):
        if "LIMIT" in sql and 'webhooks_webhook"' not in sql:
            plans.append(plan_of(sql, params))
        return execute(sql, params, many, context)

    fill()
    pretend_large()
    with connection.execute_wrapper(explain):
        candidates(Criteria(**asked), Bounds())
    assert any(index in plan for plan in plans), plans
    assert not any("Seq Scan on webhooks_" in plan for plan in plans)
    assert not any("Seq Scan on event_log_" in plan for plan in plans)


def test_the_last_attempt_of_each_line_is_read_alone():
    fill()
    pretend_large()
    ids = list(WebhookData.objects.values_list("pk", flat=True))
    statement = finding._ROWS.format(conditions="")
    plan = plan_of(statement, {"ids": ids, "rows": SHOWN})
    assert "attempt_of_delivery" in plan
    assert "Seq Scan on webhooks_webhookdata" not in plan
    assert "Seq Scan on webhooks_deliveryattempt" not in plan
    assert "Seq Scan on event_log_event" not in plan
