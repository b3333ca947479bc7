"""A database that has something of everything to look at."""

from __future__ import annotations

import json
from datetime import timedelta

from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.event_log.catalogue.samples import SAMPLES
from apps.event_log.models import EndUser
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    HealthBucket,
    Lease,
    Webhook,
    WebhookData,
)
from tests.make import make_provider, make_user

BAD = [("timeout", None), ("status", 503), ("tls", None), ("status", 401)]


def fill() -> None:
    """Webhooks in every condition, with a day of health, and deliveries."""
    user = make_user()
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
        started = timezone.now() - timedelta(minutes=7 * number)
        is_bad = data.webhook_id != webhooks[0].pk
        cause, status = BAD[number % 4] if is_bad else ("accepted", 204)
        DeliveryAttempt.objects.create(
            webhook_data=data,
            webhook_id=data.webhook_id,
            number=1,
            token=1,
            execution=1,
            started_at=started,
            cause=cause,
            status=status,
            total_us=10_000_000 if cause == "timeout" else 81_000 + number * 3000,
            peer="203.0.113.7",
            body_bytes=1834,
            sent_bytes=2201,
            response_headers="HTTP/1.1 503\r\nRetry-After: 30\r\n" if is_bad else "",
            next_try_at=timezone.now() + timedelta(seconds=39) if is_bad else None,
        )
        WebhookData.objects.filter(pk=data.pk).update(
            attempts=1,
            created_at=started,
            **{} if is_bad else {"state": 2, "delivered_at": started},
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
