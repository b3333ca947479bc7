"""The health of webhooks over the last 24 hours, from settlement's quarter hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from apps.webhooks.engine.gates import Gates, gates_of
from apps.webhooks.models import HealthBucket
from apps.webhooks.rules.health import Health, HealthWarning, Thresholds

WINDOW: Final = timedelta(days=1)
# What a week's chart needs.
KEPT: Final = timedelta(days=8)
_PURGE: Final = """
DELETE FROM webhooks_healthbucket WHERE (webhook_id, began_at) IN (
    SELECT webhook_id, began_at FROM webhooks_healthbucket WHERE began_at < %s
    LIMIT %s)
"""
_PURGED_AT_ONCE: Final = 10_000


class HealthReport(NamedTuple):
    """How it goes, what is critical about that, and whether it may be sent to."""

    health: Health
    warning: HealthWarning | None
    gates: Gates


def health_of(webhooks: Sequence[int]) -> dict[int, HealthReport]:
    """One report for each webhook, by two queries however many there are."""
    since = timezone.now() - WINDOW
    sums = {
        webhook: Health(attempts=attempts, accepted=accepted, duration_us=duration)
        for webhook, attempts, accepted, duration in HealthBucket.objects.filter(
            webhook__in=webhooks, began_at__gt=since
        )
        .values_list("webhook_id")
        .annotate(Sum("attempts"), Sum("accepted"), Sum("duration_us"))
    }
    gates = gates_of(webhooks)
    thresholds = health_thresholds()
    reports = {}
    for webhook in webhooks:
        health = sums.get(webhook, Health())
        warning = health.warning(thresholds, cut_off=not gates[webhook].is_open)
        reports[webhook] = HealthReport(health, warning, gates[webhook])
    return reports


def health_thresholds() -> Thresholds:
    """From the settings."""
    return Thresholds(
        success_rate=settings.WEBHOOKS_WARNING_SUCCESS_RATE,
        duration=settings.WEBHOOKS_WARNING_SECONDS,
    )


def purge_health() -> None:
    """Drop what no chart shows any more, a bounded part of it."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, [timezone.now() - KEPT, _PURGED_AT_ONCE])
