"""Markup in each column that somebody else than the console's operators may fill."""

from __future__ import annotations

import json
from typing import Final

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from apps.api_tokens.models import ApiToken, Client
from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.models import AuthProvider
from apps.configuration.models import ConfigLog
from apps.connections.models import Account, Connection
from apps.event_log.models import Event, UserConfig
from apps.webhooks.models import DeliveryAttempt, Replay, Webhook, WebhookData

# A canary for each place: that all were seen is known by their names.
PLACES: Final = [
    "provider", "webhook", "note", "pauser", "token", "application", "operator", "role",
    "replay", "replayer", "error", "account", "header", "answer", "payload", "key",
    "source", "member", "config", "who", "reason",
]  # fmt: skip

MARKUP: Final = "<img src=x onerror=canary_"


def canary(where: str) -> str:
    """What runs whether it is written or put into a page."""
    return f"\"'>{MARKUP}{where}()>"


@transaction.atomic
def write_canaries(data: WebhookData) -> None:
    """Into all that leads to these data and came of them, and the platform's rows."""
    AuthProvider.objects.update(name=canary("provider"))
    Webhook.objects.filter(pk=data.webhook_id).update(
        url=f"https://example.org/in?{canary('webhook')}",
        paused_at=timezone.now(),
        pause_note=canary("note"),
        paused_by=canary("pauser"),
    )
    ApiToken.objects.update(name=canary("token"))
    Client.objects.update(name=canary("application"))
    User.objects.filter(username="grace").update(username=canary("operator"))
    Group.objects.create(name=canary("role"))
    Replay.objects.update(reason=canary("replay"), actor=canary("replayer"))
    Connection.objects.update(error_message=canary("error"))
    Account.objects.update(name=canary("account"))
    DeliveryAttempt.objects.filter(webhook_data=data).update(
        cause="status",
        status=500,
        response_headers=f"HTTP/1.1 500 Oh\r\nX-Canary: {canary('header')}\r\n",
        response_excerpt=canary("answer").encode(),
    )
    Event.objects.filter(pk=data.event_id).update(
        payload=json.dumps({"a": canary("payload")}),
        idempotency_key=canary("key"),
        source=canary("source"),
    )
    person = Connection.objects.earliest("pk").user
    UserConfig.objects.create(user=person, key=canary("member"), value="a")
    ConfigLog.objects.create(
        key="biapi.manager.email", new_value=canary("config"), actor=canary("who")
    )
    record(Action.FLUSH, reason=canary("reason"))
