"""What the API says of a webhook and of an auth provider (contract, 2.2 and 3.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.auth_providers.models import AuthProvider
from apps.webhooks.models import Webhook


def webhook_resource(webhook: Webhook) -> dict[str, Any]:
    """A Webhook."""
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
    }


def provider_resource(provider: AuthProvider) -> dict[str, Any]:
    """An AuthProvider, never with its configuration."""
    return {"id": provider.pk, "type": provider.type, "name": provider.name}


def instant(moment: datetime) -> str:
    """UTC, ISO 8601, with `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
