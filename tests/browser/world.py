"""A database that has something of everything to look at."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.event_log.catalogue.samples import SAMPLES
from apps.event_log.models import EndUser, Event
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    HealthBucket,
    Lease,
    Replay,
    Webhook,
    WebhookData,
)
from apps.webhooks.replay.filters import Filters
from tests.console_urls import make_platform
from tests.make import make_provider, make_user

HEADERS = "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 30\r\n"
REFUSED = (401, 503)
BAD = [("timeout", None), ("status", 503), ("tls", None), ("status", 401)]


def telling() -> dict[type[Any], int]:
    """Of what fails, there is most on a page: the rows to be shown."""
    newest = WebhookData.objects.latest("pk")
    return {
        WebhookData: newest.pk,
        Webhook: newest.webhook_id,
        Event: newest.event_id,
        DeliveryAttempt: DeliveryAttempt.objects.latest("pk").pk,
    }


def fill() -> None:
    """Webhooks in every condition, with a day of health, and deliveries."""
    user = make_user()
    make_platform(user)
    begin_execution()
    FlusherExecution.objects.update(started_at=timezone.now() - timedelta(seconds=21))
    signed = make_provider()
    AuthProvider.objects.filter(pk=signed.pk).update(name="Acme production")
    good = _webhook("CONNECTION_SYNCED", "https://hooks.acme.example/bank/sync", signed)
    slow = _webhook("ACCOUNT_SYNCED", "https://slow.example.org/hooks/accounts", signed)
    failing = _webhook(
        "CONNECTION_SYNCED", "https://example.com/in/42?tenant=7", signed
    )
    cut = _webhook("USER_CREATED", "https://down.example.net/webhooks/users", None)
    _webhook("PAYMENT_STATE_UPDATED", None, signed)
    _webhook("ACCOUNT_FOUND", "https://idle.example.com/found", None)
    gone = _webhook("USER_DELETED", "https://old.example.com/", None)
    Webhook.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    _health(good, 400, failed=0.004, seconds=0.12)
    _health(slow, 60, failed=0.0, seconds=4.2)
    _health(failing, 80, failed=0.3, seconds=0.9)
    _health(cut, 10, failed=0.6, seconds=1.6)
    _deliveries(user, [good, failing, cut])
    _cut_off(cut)
    _replays(failing)


def _webhook(event: str, url: str | None, provider: AuthProvider | None) -> Webhook:
    return Webhook.objects.create(event=event, url=url, auth_provider=provider)


def _health(webhook: Webhook, attempts: int, *, failed: float, seconds: float) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    rows = []
    for quarter in range(0, 96 * 3):
        wave = 1 + 0.5 * ((quarter * 7) % 11) / 11
        count = int(attempts * wave)
        lost = int(count * min(1.0, failed * (2 if 20 < quarter % 96 < 30 else 0.7)))
        rows.append(
            HealthBucket(
                webhook=webhook,
                began_at=now - timedelta(minutes=15 * quarter),
                attempts=count,
                accepted=count - lost,
                duration_us=int(count * seconds * wave * 1_000_000),
            )
        )
    HealthBucket.objects.bulk_create(rows)


def _deliveries(user: EndUser, webhooks: list[Webhook]) -> None:
    for event in ("CONNECTION_SYNCED", "USER_CREATED"):
        payload = json.dumps(SAMPLES[event]).encode()
        emit_many([Emission(event=event, payload=payload, user=user.pk)] * 12)
    for number, data in enumerate(WebhookData.objects.order_by("pk")):
        started = timezone.now() - timedelta(minutes=3 + 7 * number)
        is_bad = data.webhook_id != webhooks[0].pk
        cause, status = BAD[number % 4] if is_bad else ("accepted", 204)
        for attempt in range(1, 3 if is_bad else 2):
            _attempt(data, attempt, started + timedelta(minutes=attempt), cause, status)
        WebhookData.objects.filter(pk=data.pk).update(
            attempts=2 if is_bad else 1,
            created_at=started,
            **{} if is_bad else {"state": 2, "delivered_at": started},
        )


def _attempt(
    data: WebhookData, number: int, started: datetime, cause: str, status: int | None
) -> None:
    """Over a new connection, as far as it came."""
    answered = status is not None
    is_timeout = cause == "timeout"
    first = 34_000 + 47_000 + data.pk % 12 * 3_000
    DeliveryAttempt.objects.create(
        webhook_data=data,
        webhook_id=data.webhook_id,
        number=number,
        token=1,
        execution=1,
        started_at=started,
        cause=cause,
        status=status,
        dns_us=2_100,
        connect_us=9_400,
        tls_us=21_300 if answered or is_timeout else None,
        first_byte_us=first if answered else None,
        total_us=10_000_000 if is_timeout else first + 1_200,
        peer="203.0.113.7",
        body_bytes=18_340,
        sent_bytes=2_201,
        certificate_ends_at=timezone.now() + timedelta(days=64) if answered else None,
        response_headers=HEADERS.format(status=status) if status in REFUSED else "",
        response_excerpt=b'{"error": "try again later"}' if status in REFUSED else b"",
        next_try_at=None if status == 204 else timezone.now() + timedelta(seconds=39),
    )


def _replays(webhook: Webhook) -> None:
    """One that is under way, and one that is over."""
    since = timezone.now() - timedelta(days=1)
    filters = Filters(webhook=webhook.pk, since=since).as_json()
    common = {"filters": filters, "rate": 50, "actor": "console:ada"}
    Replay.objects.create(**common, total=4200, delivered=1300, failed=20)
    Replay.objects.create(
        **common, total=12, delivered=12, state="done", reason="incident 12"
    )


def _cut_off(webhook: Webhook) -> None:
    execution = FlusherExecution.objects.order_by("pk").last()
    assert execution is not None
    Lease.objects.filter(webhook=webhook).update(
        execution=execution.pk,
        consecutive_failures=10,
        timeouts=1,
        cut_off_at=timezone.now(),
    )
