"""Access tokens with real workers: one request to the token server serves them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.auth_providers.models import OAuthToken
from apps.webhooks import tasks
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.models import DeliveryAttempt, WebhookData
from tests.acceptance.test_workers import all_delivered, until
from tests.make import make_webhook
from tests.token_server import TokenServer, failure, token


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def test_200_deliveries_without_a_token_make_one_token_request(start, receiver, server):
    provider = server.provider()
    for number in range(10):
        make_webhook(receiver.url(f"/{number}"), auth_provider=provider)
    for role in ("pump", "control", "beat"):
        start(role)
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 20)
    tasks.wake()
    assert until(all_delivered)
    assert server.total == 1
    sent = {each.headers["authorization"] for each in receiver.record.deliveries()}
    assert sent == {"Bearer token-1"}
    assert DeliveryAttempt.objects.count() == 200


def test_a_lost_message_is_posted_again(start, receiver, server):
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    start("pump")
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")])
    tasks.wake()
    assert until(lambda: OAuthToken.objects.filter(asked_until__isnull=False).exists())
    tasks.mailbox().redis.flushall()
    # As if it had been long ago.
    OAuthToken.objects.update(asked_until=None)
    for role in ("control", "beat"):
        start(role)
    assert until(all_delivered)
    assert server.total == 1


def test_a_token_server_that_was_away_is_asked_again(start, receiver, server):
    server.answer = lambda form, number: token("t0k") if number > 2 else failure(503)
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    for role in ("pump", "control", "beat"):
        start(role)
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * 5)
    tasks.wake()
    assert until(all_delivered)
    assert (server.total, DeliveryAttempt.objects.count()) == (3, 5)
    assert set(WebhookData.objects.values_list("attempts", flat=True)) == {1}
