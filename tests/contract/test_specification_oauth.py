"""The specification on OAuth 2.0, a test for each sentence that promises something.

The sentence stands in the test's docstring. Token server, receiver and pump are real.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.auth_providers.models import OAuthToken
from apps.auth_providers.oauth import TokenDoor
from apps.auth_providers.tokens import renew
from apps.receiver.record import Delivery
from apps.webhooks.conf import transport_policy
from apps.webhooks.models import DeliveryAttempt
from tests.conftest import LOOPBACK
from tests.contract.conftest import Service
from tests.make import make_user
from tests.token_server import TokenServer, mutual_tls, token


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def new_provider(service: Service, config: dict[str, str]) -> dict[str, Any]:
    body = {"type": "oauth", "name": "ACME provider", "config": config}
    return service.answer("POST", "/webhooks/auth", body)


def deliver(service: Service) -> list[Delivery]:
    """With the tokens that the pump asks for."""
    delivered = service.deliver()
    policy = dataclasses.replace(transport_policy(), addresses=LOOPBACK)
    for each in OAuthToken.objects.all():
        renew(each.pk, TokenDoor(policy=policy, user_agent="test/1", deadline=5))
    return delivered + service.deliver()


def test_secured_with_access_tokens(service: Service, server):
    """When an OAuth 2.0 provider configuration is defined and associated with your
    webhooks, callbacks will be secured with access tokens obtained from the
    authorization server and added to the authorization header."""
    provider = new_provider(service, server.config)
    service.register(id_auth=provider["id"])
    service.emit(id_user=make_user(token="of-the-user").pk)
    (delivery,) = deliver(service)
    assert delivery.headers["authorization"] == "Bearer token-1"


def test_a_standard_payload(service: Service, server):
    """Accept a standard payload with client_id, client_secret and grant_type (set to
    client_credentials)."""
    service.register(id_auth=new_provider(service, server.config)["id"])
    service.emit()
    deliver(service)
    assert server.forms == [
        {
            "client_id": server.config["client_id"],
            "client_secret": server.config["client_secret"],
            "grant_type": "client_credentials",
        }
    ]
    (headers,) = server.headers
    assert headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("token_type", "taken"), [("bearer", True), ("Bearer", True), ("mac", False)]
)
def test_token_type_must_be_bearer(service: Service, server, token_type, taken):
    """Respond with a JSON entity with access_token, token_type (must be bearer)."""
    server.answer = lambda form, number: token("t0k", token_type=token_type)
    service.register(id_auth=new_provider(service, server.config)["id"])
    service.emit()
    assert len(deliver(service)) == taken
    assert DeliveryAttempt.objects.count() == taken


def test_expiration(service: Service, server):
    """And optionally expires_in and refresh_token to implement tokens expiration."""
    server.answer = lambda form, number: token(
        f"t{number}", expires_in=3600, refresh_token=f"r{number}"
    )
    service.register(id_auth=new_provider(service, server.config)["id"])
    service.emit()
    first = deliver(service)
    past = "2020-01-01T00:00:00Z"
    OAuthToken.objects.update(renew_at=past, expires_at=past)
    service.emit()
    second = deliver(service)
    sent = [each.headers["authorization"] for each in first + second]
    assert sent == ["Bearer t1", "Bearer t2"]
    assert server.forms[1]["grant_type"] == "refresh_token"
    assert server.forms[1]["refresh_token"] == "r1"


def test_a_pair_of_certificates(service: Service, tmp_path: Path):
    """Optionally, support an additional layer of security using a pair of
    certificates."""
    tls, pair = mutual_tls(tmp_path)
    authority = (tmp_path / "ca.pem").read_text()
    with TokenServer(tls=tls) as server:
        service.answer("POST", "/config", {"webhooks.ca_cert": authority})
        provider = new_provider(service, server.config | pair)
        service.register(id_auth=provider["id"])
        service.emit()
        # The door of a worker trusts what is configured.
        policy = dataclasses.replace(transport_policy(authority), addresses=LOOPBACK)
        for each in OAuthToken.objects.all():
            renew(each.pk, TokenDoor(policy=policy, user_agent="test/1", deadline=5))
        (delivery,) = service.deliver()
    assert delivery.headers["authorization"] == "Bearer token-1"


@pytest.mark.parametrize("name", ["url", "client_id", "client_secret", "grant_type"])
def test_all_parameters_are_mandatory(service: Service, server, name):
    """All parameters are mandatory, except from public_cert and private_cert."""
    config = {key: text for key, text in server.config.items() if key != name}
    body = {"type": "oauth", "name": "ACME provider", "config": config}
    reply = service.call("POST", "/webhooks/auth", body)
    assert (reply.status, reply.body["code"]) == (400, "missingParameter")
    assert name in reply.body["message"]


def test_the_answer(service: Service, server):
    """The answer has "id", "type" and "name", and nothing of the configuration."""
    provider = new_provider(service, server.config)
    expected = {"id": provider["id"], "type": "oauth", "name": "ACME provider"}
    assert provider == expected
    listed = service.answer("GET", "/webhooks/auth")
    assert listed == {"authproviders": [expected], "total": 1}


def test_association_with_a_webhook(service: Service, server):
    """When a provider has been created, you can associate it with a webhook."""
    provider = new_provider(service, server.config)
    webhook = service.register()
    changed = service.answer(
        "PUT", f"/webhooks/{webhook}", {"id_auth": "ACME provider"}
    )
    assert changed["id_auth"] == provider["id"]
