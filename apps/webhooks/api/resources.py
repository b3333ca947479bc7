"""What the API says of webhooks, events and auth providers (contract, 2 and 3.1)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from apps.auth_providers.models import AuthProvider
from apps.event_log.catalogue import CATALOGUE, EventType
from apps.webhooks.engine.gates import Gates
from apps.webhooks.formats.instants import instant
from apps.webhooks.health import HealthReport
from apps.webhooks.models import DeliveryAttempt, Webhook, WebhookData


def webhook_resource(
    webhook: Webhook, report: HealthReport, *, event: bool = False
) -> dict[str, Any]:
    """A Webhook, with how it goes; its `event` is nested in it if wanted."""
    health, warning = report.health, report.warning
    entry = CATALOGUE[webhook.event]
    return {
        "id": webhook.pk,
        "id_event": entry.id,
        "event": webhook.event,
        "url": webhook.url,
        "id_auth": webhook.auth_provider_id,
        "id_service": None,
        "id_user": webhook.user_id,
        "compression": webhook.compression,
        "deadline": webhook.deadline,
        "max_in_flight": webhook.max_in_flight,
        "add_to_data": _text(webhook.add_to_data),
        "created": instant(webhook.created_at),
        "updated": instant(webhook.updated_at),
        "deleted": _instant_or_null(webhook.deleted_at),
        **_pause(webhook, report.gates),
        "health_data": {
            "average_sending_duration": _rounded(health.average_duration, 6),
            "sending_success_rate": _rounded(health.success_rate, 4),
            "attempts": health.attempts,
            "window": "P1D",
        },
        "warning": warning and {"code": warning.code, "message": warning.message},
        **({"webhook_event": event_resource(entry)} if event else {}),
    }


def event_resource(entry: EventType) -> dict[str, Any]:
    """An event of the catalogue."""
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.description,
        "when": entry.when,
        "user_scoped": entry.user_scoped,
        "cfonb": entry.cfonb,
        "deprecated": entry.deprecated,
        "documented": entry.documented,
        "schema": entry.schema,
        "sample": entry.sample,
    }


def data_resource(data: WebhookData, mimetype: str) -> dict[str, Any]:
    """A WebhookData, without its body: see `.../body`."""
    event = data.event
    return {
        "id": data.pk,
        "id_webhook": data.webhook_id,
        "id_service": None,
        "id_user": event.user_id,
        "id_resource": event.resource,
        "event": event.name,
        "mimetype": mimetype,
        "size": event.payload_size,
        "state": WebhookData.State(data.state).name.lower(),
        "attempts": data.attempts,
        "created": instant(data.created_at),
        "success": instant(data.delivered_at) if data.delivered_at else None,
    }


def log_resource(attempt: DeliveryAttempt) -> dict[str, Any]:
    """A WebhookLog: one attempt; after a failure without an answer nulls."""
    answered = attempt.started_at + timedelta(microseconds=attempt.total_us)
    return {
        "id": attempt.pk,
        "id_webhook_data": attempt.webhook_data_id,
        "id_service": None,
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


def _pause(webhook: Webhook, gates: Gates) -> dict[str, Any]:
    """A pause that has ended by itself is none."""
    if gates.is_unpaused:
        return {
            "paused": None,
            "paused_until": None,
            "paused_by": None,
            "pause_note": None,
        }
    return {
        "paused": _instant_or_null(webhook.paused_at),
        "paused_until": _instant_or_null(webhook.paused_until),
        "paused_by": webhook.paused_by,
        "pause_note": webhook.pause_note or None,
    }


def _instant_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _text(members: dict[str, str]) -> str:
    """A JSON object's text, as contract section 3.1 has it."""
    return json.dumps(
        members, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
