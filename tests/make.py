"""Rows for tests: plain functions, each with the least that makes sense."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.event_log.models import EndUser
from apps.webhooks.models import Webhook

SECRET = "test_secret_0123456789abcdef0123456789abcdef"
_numbers = itertools.count(1)


def make_provider(**config: Any) -> AuthProvider:
    """An `hmac_signature` provider with the secret of the contract's vectors."""
    return AuthProvider.objects.create(
        type="hmac_signature",
        name=f"provider {next(_numbers)}",
        config=json.dumps({"secret_key": SECRET, **config}),
    )


def make_webhook(
    url: str | None, event: str = "CONNECTION_SYNCED", **fields: Any
) -> Webhook:
    """A webhook; signed by default."""
    fields.setdefault("auth_provider", make_provider())
    return Webhook.objects.create(event=event, url=url, **fields)


def make_user(*, permanent: bool = True, token: str = "token-of-the-user") -> EndUser:
    """An end user."""
    now = timezone.now()
    return EndUser.objects.create(
        signin=now,
        permanent_at=now if permanent else None,
        expires_at=None if permanent else now + timedelta(minutes=30),
        token=token,
    )
