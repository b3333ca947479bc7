"""Failures are bounded, for each address and each client; what is right is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import AttemptCount, Scope
from apps.api_tokens.purge import purge_tokens
from apps.api_tokens.throttle import address_of
from apps.event_log.models import EndUser
from tests.integration.api_client import ApiClient, Reply, make_client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(settings: Any) -> None:
    settings.WEBHOOKS_FAILURES_PER_ADDRESS = 3
    settings.WEBHOOKS_FAILURES_PER_CLIENT = 2
    settings.WEBHOOKS_INITS_PER_ADDRESS = 2


def caller(address: str, token: str | None = None) -> ApiClient:
    """A caller from an address."""
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    return ApiClient(token=token, client=client)


def guess(address: str, token: str = "bkh_wrong") -> Reply:
    return caller(address, token).call("GET", "/webhooks")


def test_wrong_tokens_are_refused_sooner_after_some():
    assert [guess("192.0.2.1").status for _ in range(5)] == [401, 401, 401, 429, 429]
    reply = guess("192.0.2.1")
    assert reply.code == "tooManyRequests"
    assert 0 < int(reply.headers["Retry-After"]) <= 60
    assert guess("192.0.2.2").status == 401
    assert AttemptCount.objects.get(key="address 192.0.2.1").count == 3


def test_a_right_token_is_never_shut_out():
    for _ in range(5):
        guess("192.0.2.1")
    token = make_client(Scope.CONFIG).token
    assert caller("192.0.2.1", token).call("GET", "/webhooks").status == 200


def test_the_window_passes():
    for _ in range(4):
        guess("192.0.2.1")
    AttemptCount.objects.update(began_at=timezone.now() - timedelta(seconds=61))
    assert [guess("192.0.2.1").status for _ in range(4)] == [401, 401, 401, 429]
    AttemptCount.objects.update(began_at=timezone.now() - timedelta(seconds=61))
    purge_tokens()
    assert not AttemptCount.objects.exists()


def test_wrong_credentials_are_counted_for_the_client_wherever_they_come_from():
    client, secret = create_client("shop")

    def init(address: str, client_id: str, secret: str) -> int:
        given = {"client_id": client_id, "client_secret": secret}
        return caller(address).call("POST", "/auth/init", given).status

    statuses = [init(f"192.0.2.{n}", client.client_id, "wrong") for n in range(4)]
    assert statuses == [401, 401, 429, 429]
    unknown = [init(f"192.0.2.{n}", "1" * 15, "wrong") for n in range(5, 9)]
    assert unknown == [401, 401, 429, 429]
    assert init("192.0.2.1", client.client_id, secret) == 200


def test_temporary_users_are_bounded_for_each_address():
    def create(address: str) -> int:
        return caller(address).call("POST", "/auth/init").status

    assert [create("192.0.2.1") for _ in range(4)] == [200, 200, 429, 429]
    assert create("192.0.2.2") == 200
    assert EndUser.objects.count() == 3


def test_a_limit_of_zero_is_none(settings):
    settings.WEBHOOKS_FAILURES_PER_ADDRESS = 0
    assert {guess("192.0.2.1").status for _ in range(6)} == {401}
    assert not AttemptCount.objects.exists()


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", None, 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", 0, "192.0.2.1"),
        ("10.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.1, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.1, 198.51.100.1", 2, "203.0.113.1"),
        ("10.0.0.1", "198.51.100.1", 2, "10.0.0.1"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, 0, "192.0.2.1"),
        ("", None, 0, "unknown"),
    ],
)
def test_an_address_is_believed_as_far_as_our_proxies_wrote_it(
    settings, remote, forwarded, proxies, address
):
    settings.WEBHOOKS_TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    assert address_of(request) == address
