"""The specification on where events come from, the console and CFONB.

A test for each sentence that promises something; it stands in the docstring.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from apps.configuration.keys import KEYS
from apps.connections.models import Connection
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.webhooks.autosync import run_autosync
from apps.webhooks.models import Webhook
from tests.contract.conftest import Service

LOGIN = {"id_connector": 40, "login": "claire", "activate": True, "transactions": 20}
DAY = timedelta(days=1)


@pytest.fixture
def user(service: Service) -> dict[str, Any]:
    """A permanent user, as POST /auth/init with credentials makes one."""
    return service.new_user()


def connected(service: Service, user: dict[str, Any], **fields: object) -> int:
    body = LOGIN | fields
    reply = service.as_user(user).call("POST", "/users/me/connections", body)
    assert reply.status == 201, reply.body
    return int(reply.body["id"])


@pytest.fixture
def console(db: None, settings: Any) -> Client:
    """An operator's browser."""
    settings.HTTPS_ONLY = False
    operator = get_user_model().objects.create_superuser("operator")
    client = Client(headers={"x-forwarded-proto": "https"})
    client.force_login(operator)
    return client


def test_efficient(service: Service, user):
    """After a user connection has been configured using our API endpoints, these
    callbacks are the most efficient way to get up-to-date user data."""
    service.register()
    connection = connected(service, user)
    (delivery,) = service.deliver()
    told = json.loads(delivery.body)
    assert told["connection"]["id"] == connection
    assert told["user"]["id"] == int(user["id_user"])


def test_you_can_register_a_webhook_in_the_administration_console(console):
    """You can register a webhook in the administration console of your domain."""
    page = "/admin/webhooks/webhook/add/"
    form = {
        "event": "CONNECTION_SYNCED",
        "url": "https://receiver.example.com/hook",
        "add_to_data": "{}",
    }
    answer = console.post(page, form, secure=True)
    assert answer.status_code == 302, answer.content.decode()
    assert Webhook.objects.get().url == form["url"]


def test_testing_of_triggering_and_handling(service: Service, user):
    """The console also lets you test webhooks triggering and handling. For instance,
    after you have configured a webhook for the CONNECTION_SYNCED event, you can test
    that the callback is properly triggered when a user creates a new connection."""
    webhook = service.register()
    connected(service, user)
    assert len(service.deliver()) == 1
    service.answer("POST", "/test/webhooks")
    assert len(service.deliver()) == 1
    told = service.answer("GET", f"/webhooks/{webhook}/logs")
    assert told["total"] == 2


def test_you_can_subscribe_to_the_following_events(service: Service):
    """You can subscribe to the following events."""
    for event in CATALOGUE:
        service.register(f"/{event}", event=event)
    assert service.answer("GET", "/webhooks")["total"] == len(CATALOGUE) == 18
    listed = service.answer("GET", "/webhooks_events")["webhooks_events"]
    assert [each["name"] for each in listed] == list(CATALOGUE)


def test_triggered_by_an_action_through_the_api(service: Service, user):
    """Webhooks are triggered: after you ask for a specific action through the API."""
    for event in ("CONNECTION_SYNCED", "CONNECTION_DELETED", "USER_DELETED"):
        service.register(f"/{event}", event=event)
    connection = connected(service, user)
    me = service.as_user(user)
    me.call("DELETE", f"/users/me/connections/{connection}")
    me.call("DELETE", "/users/me")
    assert sorted(each.target for each in service.deliver()) == [
        "/CONNECTION_DELETED", "/CONNECTION_SYNCED", "/USER_DELETED",
    ]  # fmt: skip


def test_triggered_by_a_background_synchronization(service: Service, user):
    """And after a background synchronization (every 24h by default)."""
    service.register()
    connected(service, user)
    service.deliver()
    assert KEYS["autosync.frequency"].default == "1"
    assert run_autosync() == (0, False)
    connection = Connection.objects.get()
    assert connection.next_sync_at is not None
    # Spread over the day, the first time; then every day.
    assert timedelta(0) < connection.next_sync_at - timezone.now() < 2 * DAY
    Connection.objects.update(next_sync_at=timezone.now())
    assert run_autosync() == (1, False)
    (delivery,) = service.deliver()
    assert json.loads(delivery.body)["connection"]["id"] == connection.pk
    origins = set(Event.objects.values_list("origin", flat=True))
    assert origins == {"api", "sync"}


@pytest.mark.parametrize("event", [e.name for e in CATALOGUE.values() if e.cfonb])
def test_the_cfonb_key(service: Service, event):
    """The autosync.cfonb config key is available to change the format of the
    ACCOUNT_FOUND, CONNECTION_SYNCED and USER_SYNCED callbacks to the CFONB format."""
    service.answer("POST", "/config", {"autosync.cfonb": "1"})
    service.register(event=event, id_auth=service.provider())
    service.emit(CATALOGUE[event].sample, event=event)
    (delivery,) = service.deliver()
    assert delivery.genuine
    assert delivery.headers["content-type"] == "text/plain; charset=us-ascii"
    lines = delivery.body.decode("ascii").split("\r\n")
    assert all(len(line) == 120 for line in lines if line)
    assert lines[0][:2] == "01"


def test_temporary_over_the_api(service: Service):
    """If the user is still in a temporary state when the webhook events should be
    triggered, the callback will be sent as soon as you make the user permanent."""
    service.register("/created", event="USER_CREATED")
    service.register("/synced")
    user = service.call("POST", "/auth/init").body
    assert (user["type"], user["expires_in"]) == ("temporary", 1800)
    connected(service, user)
    assert service.deliver() == []
    code = service.as_user(user).call("GET", "/auth/token/code").body["code"]
    client = service.client()
    token = service.answer("POST", "/auth/token/access", client | {"code": code})
    deliveries = service.deliver()
    assert sorted(each.target for each in deliveries) == ["/created", "/synced"]
    bearer = f"Bearer {token['access_token']}"
    assert {each.headers["authorization"] for each in deliveries} == {bearer}
