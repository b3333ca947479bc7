"""What others wrote is text on every page: names, URLs, headers, bodies, answers.

Each place has a canary of its own, so that all of them are known to have been met.
"""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from apps.api_tokens.models import ApiToken
from apps.api_tokens.models import Client as Application
from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.models import AuthProvider
from apps.configuration.models import ConfigLog
from apps.connections.models import Account, Connection
from apps.event_log.models import Event, UserConfig
from apps.webhooks.models import DeliveryAttempt, Replay, Webhook
from tests.console_urls import make_world, urls

pytestmark = pytest.mark.django_db
# Pages that show a payload do it by POST, which is put on record.
READ = {"event_log_event_change", "payload", "curl"}
SHOWN = [
    "provider", "webhook", "note", "pauser", "token", "application", "operator", "role",
    "replay", "replayer", "error", "account", "header", "answer", "payload", "key",
    "source", "member", "config", "who", "reason",
]  # fmt: skip


def canary(where: str) -> str:
    return f"\"'><script>canary_{where}()</script>"


def write_everywhere() -> None:
    """Into each column that somebody else than an operator of the console may fill."""
    make_world()
    AuthProvider.objects.update(name=canary("provider"))
    Webhook.objects.update(
        url=f"https://example.org/in?{canary('webhook')}",
        paused_at=timezone.now(),
        pause_note=canary("note"),
        paused_by=canary("pauser"),
    )
    ApiToken.objects.update(name=canary("token"))
    Application.objects.update(name=canary("application"))
    User.objects.update(username=canary("operator"))
    Group.objects.create(name=canary("role"))
    Replay.objects.update(reason=canary("replay"), actor=canary("replayer"))
    Connection.objects.update(error_message=canary("error"))
    Account.objects.update(name=canary("account"))
    DeliveryAttempt.objects.update(
        cause="status",
        status=500,
        response_headers=f"HTTP/1.1 500 Oh\r\nX-Canary: {canary('header')}\r\n",
        response_excerpt=canary("answer").encode(),
    )
    Event.objects.update(
        payload=json.dumps({"a": canary("payload")}),
        idempotency_key=canary("key"),
        source=canary("source"),
    )
    person = Connection.objects.get().user
    UserConfig.objects.create(user=person, key=canary("member"), value="a")
    ConfigLog.objects.create(
        key="biapi.manager.email", new_value=canary("config"), actor=canary("who")
    )
    record(Action.FLUSH, reason=canary("reason"))


def test_what_others_wrote_is_text_on_every_page():
    write_everywhere()
    client = Client(raise_request_exception=False)
    user = User.objects.create_superuser("somebody")
    client.force_login(user)
    wrong, seen = [], set()
    for name, path in urls():
        ask = client.post if name in READ else client.get
        reply = ask(path, secure=True)
        if reply.streaming or "html" not in reply.headers.get("Content-Type", ""):
            continue
        page = reply.content.decode()
        assert reply.status_code < 500, name
        if "<script>canary" in page:
            wrong.append(name)
        seen |= {each for each in SHOWN if f"canary_{each}" in page}
    assert wrong == []
    assert set(SHOWN) - seen == set()
