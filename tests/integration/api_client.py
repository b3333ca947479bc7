"""A caller of the API: what the tests of the API share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from apps.api_tokens.models import Scope, issue
from apps.auth_providers.models import AuthProvider
from apps.event_log.models import Event
from apps.webhooks.models import Webhook, WebhookData

URL = "https://receiver.example.com/hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status and what came with it; `body` is parsed JSON, None if there was none."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """An error's code."""
        code: str = self.body["code"]
        return code


@dataclass(slots=True)
class ApiClient:
    """Calls with one token, over https as far as Django can tell."""

    token: str | None = None
    client: Client = field(
        default_factory=lambda: Client(raise_request_exception=False)
    )

    def call(
        self,
        method: str,
        path: str,
        body: Any = b"",
        content_type: str = "application/json",
        **headers: str,
    ) -> Reply:
        """`body`: bytes as they are, or a value to be sent as JSON."""
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        reply = self.client.generic(
            method,
            path,
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type=content_type,
            secure=True,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return Reply(
            status=reply.status_code,
            body=json.loads(reply.content) if reply.content else None,
            headers=dict(reply.headers),
        )


def make_client(*scopes: Scope) -> ApiClient:
    """A caller whose token has these scopes."""
    _, text = issue("test", scopes)
    return ApiClient(token=text)


def rows() -> dict[str, int]:
    """How many rows there are of what the API can write."""
    return {
        model.__name__: model._default_manager.count()
        for model in (Event, WebhookData, Webhook, AuthProvider)
    }


@contextmanager
def nothing_written() -> Iterator[None]:
    """What happens within leaves no row behind."""
    before = rows()
    yield
    assert rows() == before
