"""The rows that a measurement begins with: webhooks, their users, payloads."""

from __future__ import annotations

import json
import random
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import create_provider
from apps.event_log.models import EndUser
from apps.webhooks.models import Webhook

EVENT: Final = "CONNECTION_SYNCED"
PAYLOAD_BYTES: Final = 1024
_RESET: Final = """
TRUNCATE webhooks_deliveryattempt, webhooks_webhookdata, webhooks_flusherexecution,
    webhooks_lease, webhooks_webhook, event_log_event, event_log_enduser,
    auth_providers_authprovider RESTART IDENTITY CASCADE
"""


def reset() -> None:
    """Begin with an empty database, ids from 1."""
    with connection.cursor() as cursor:
        cursor.execute(_RESET)


@transaction.atomic
def register(url: str, webhooks: int, *, users: bool) -> None:
    """Signed webhooks; with `users` each is told of the events of its own user only.

    The user of webhook n is user n.
    """
    provider, _ = create_provider(AuthProvider.Type.HMAC_SIGNATURE, "benchmark")
    now = timezone.now()
    for number in range(1, webhooks + 1):
        user = EndUser.objects.create(permanent_at=now, token="t") if users else None
        Webhook.objects.create(
            event=EVENT, url=f"{url}/{number}", auth_provider=provider, user=user
        )


def payload(number: int) -> bytes:
    """A JSON object of 1 KB, different for each number."""
    chance = random.Random(number)
    accounts = [
        {
            "id": chance.randrange(10**6),
            "balance": chance.randrange(10**6) / 100,
            "iban": f"FR76{chance.randrange(10**22):022}",
        }
        for _ in range(10)
    ]
    connected = {"id": number, "state": None, "accounts": accounts, "filler": ""}
    missing = PAYLOAD_BYTES - len(json.dumps({"connection": connected}))
    connected["filler"] = "x" * missing
    return json.dumps({"connection": connected}).encode()
