"""The service as a client sees it: the API, a pump, and a receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import Scope
from apps.receiver.record import Delivery
from apps.receiver.server import Receiver
from apps.webhooks.engine.executions import begin_execution
from tests.contract.openapi_world import World, make_world
from tests.integration.api_client import ApiClient, Reply, make_client

EVENT = "CONNECTION_SYNCED"


@dataclass(slots=True)
class Service:
    """What a client of the service can do and see."""

    api: ApiClient
    receiver: Receiver
    pump: Callable[..., bool]

    def register(self, path: str = "/hook", event: str = EVENT, **fields: Any) -> int:
        """A webhook at the receiver; its id."""
        fields = {"event": event, "url": self.receiver.url(path)} | fields
        return int(self.answer("POST", "/webhooks", fields)["id"])

    def emit(
        self, payload: Any = None, event: str = EVENT, **fields: Any
    ) -> dict[str, Any]:
        """The platform tells of an event."""
        body = {"event": event, "payload": payload or {"id": 1}} | fields
        return self.answer("POST", "/events", body)

    def provider(self, path: str = "/hook", **config: Any) -> int:
        """An HMAC provider; the receiver knows its secret at `path`."""
        body = {"type": "hmac_signature", "name": f"for {path}", "config": config}
        made = self.answer("POST", "/webhooks/auth", body)
        self.receiver.trust(path, made["config"]["secret_key"])
        return int(made["id"])

    def client(self) -> dict[str, str]:
        """The credentials of a client of the API."""
        client, secret = create_client("contract")
        return {"client_id": client.client_id, "client_secret": secret}

    def new_user(self) -> dict[str, Any]:
        """A permanent user, with its token."""
        return self.answer("POST", "/auth/init", self.client())

    def as_user(self, user: dict[str, Any]) -> ApiClient:
        """A caller with the user's token."""
        return ApiClient(token=user["auth_token"])

    def answer(self, method: str, path: str, body: Any = b"") -> dict[str, Any]:
        """The body of a call that succeeds."""
        reply = self.call(method, path, body)
        assert reply.status in (200, 201), reply.body
        return dict(reply.body)

    def call(self, method: str, path: str, body: Any = b"") -> Reply:
        """Any call."""
        return self.api.call(method, path, body)

    def deliver(self, **settings: Any) -> list[Delivery]:
        """Let the service run until it is idle; what arrived meanwhile."""
        before = self.receiver.record.total
        self.pump(**settings)
        return self.receiver.record.deliveries(before)

    def flush(self, **settings: Any) -> list[Delivery]:
        """The flusher's next execution; what arrived meanwhile."""
        begin_execution()
        return self.deliver(**settings)


@pytest.fixture
def service(
    db: None,
    settings: LazySettings,
    receiver: Receiver,
    run_pump: Callable[..., bool],
) -> Service:
    """A service that may call this machine's receiver."""
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    settings.WEBHOOKS_ALLOW_HTTP = True
    return Service(make_client(Scope.CONFIG, Scope.EMIT), receiver, run_pump)


@pytest.fixture
def world(db: None, receiver: Receiver, settings: LazySettings) -> Iterator[World]:
    """In one transaction, which the end of a request must not end."""
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    settings.WEBHOOKS_ALLOW_HTTP = True
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield make_world(receiver.url("/hook"))
    for signal in signals:
        signal.connect(close_old_connections)
