"""The rows that a measurement begins with: webhooks, their users, payloads."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
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
TRUNCATE webhooks_purgepass, webhooks_replay, webhooks_deliveryattempt,
    webhooks_webhookdata, webhooks_flusherexecution, webhooks_lease, webhooks_webhook,
    event_log_event, event_log_enduser, auth_providers_authprovider
    RESTART IDENTITY CASCADE
"""


def reset() -> None:
    """Begin with an empty database, ids from 1."""
    with connection.cursor() as cursor:
        cursor.execute(_RESET)


@transaction.atomic
def register(
    url: str, numbers: Iterable[int], *, users: bool, compressed: bool = False
) -> None:
    """Signed webhooks; with `users` each is told of the events of its own user only.

    `numbers` go on from those registered before: the user of webhook n is user n.
    """
    name = "benchmark"
    provider = AuthProvider.objects.filter(name=name).first()
    if provider is None:
        provider, _ = create_provider(AuthProvider.Type.HMAC_SIGNATURE, name)
    now = timezone.now()
    for number in numbers:
        user = EndUser.objects.create(permanent_at=now, token="t") if users else None
        Webhook.objects.create(
            event=EVENT,
            url=f"{url}/{number}",
            auth_provider=provider,
            user=user,
            compression=compressed,
        )


def payload(number: int, size: int = PAYLOAD_BYTES) -> bytes:
    """A JSON object of so many bytes, different for each number."""
    chance = random.Random(number)
    accounts = [
        {
            "id": chance.randrange(1, 10**6),
            "balance": chance.randrange(10**6) / 100,
            "iban": f"FR76{chance.randrange(10**22):022}",
        }
        for _ in range(size // 100)
    ]
    connected = {"id": number + 1, "state": None, "accounts": accounts, "filler": ""}
    whole = {"user": {"id": number + 1}, "connection": connected}
    connected["filler"] = "x" * (size - len(json.dumps(whole)))
    return json.dumps(whole).encode()
