"""What the API says of a webhook and of an auth provider (contract, 2.2 and 3.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.auth_providers.models import AuthProvider
from apps.webhooks.health import HealthReport
from apps.webhooks.models import DeliveryAttempt, Webhook


def webhook_resource(webhook: Webhook, report: HealthReport) -> dict[str, Any]:
    """A Webhook, with how it goes."""
    health, warning = report
    return {
        "id": webhook.pk,
        "event": webhook.event,
        "url": webhook.url,
        "id_auth": webhook.auth_provider_id,
        "id_user": webhook.user_id,
        "compression": webhook.compression,
        "deadline": webhook.deadline,
        "max_in_flight": webhook.max_in_flight,
        "created": instant(webhook.created_at),
        "updated": instant(webhook.updated_at),
        "deleted": instant(webhook.deleted_at) if webhook.deleted_at else None,
        "health_data": {
            "average_sending_duration": _rounded(health.average_duration, 6),
            "sending_success_rate": _rounded(health.success_rate, 4),
            "attempts": health.attempts,
            "window": "P1D",
        },
        "warning": warning and {"code": warning.code, "message": warning.message},
    }


def log_resource(attempt: DeliveryAttempt) -> dict[str, Any]:
    """A WebhookLog: one attempt; after a failure without an answer nulls."""
    answered = attempt.started_at + timedelta(microseconds=attempt.total_us)
    return {
        "id": attempt.pk,
        "id_webhook_data": attempt.webhook_data_id,
        "id_user": attempt.webhook_data.event.user_id,
        "timestamp": instant(attempt.started_at),
        "response_date": instant(answered) if attempt.status else None,
        "response_code": attempt.status,
        "next_try": instant(attempt.next_try_at) if attempt.next_try_at else None,
        "attempt": attempt.number,
        "cause": attempt.cause,
    }


def provider_resource(provider: AuthProvider) -> dict[str, Any]:
    """An AuthProvider, never with its configuration."""
    return {"id": provider.pk, "type": provider.type, "name": provider.name}


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


def instant(moment: datetime) -> str:
    """UTC, ISO 8601, with `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
