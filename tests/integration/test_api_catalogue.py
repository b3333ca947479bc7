"""`/webhooks_events`, and events nested in webhooks."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from apps.api_tokens.models import Scope
from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.models import Webhook
from tests.integration.api_client import URL, ApiClient, make_client

pytestmark = pytest.mark.django_db
MEMBERS = {
    "id", "name", "description", "when", "user_scoped", "cfonb", "deprecated",
    "documented", "schema", "sample",
}  # fmt: skip


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


@pytest.mark.parametrize("root", ["", "/2.0"])
def test_all_events_are_listed_with_schemas_that_their_samples_meet(api, root):
    reply = api.call("GET", f"{root}/webhooks_events")
    assert reply.status == 200
    assert reply.body["total"] == 18
    events = reply.body["webhooks_events"]
    assert [event["name"] for event in events] == list(CATALOGUE)
    for number, event in enumerate(events, start=1):
        assert event.keys() == MEMBERS
        assert event["id"] == number
        assert jsonschema_rs.is_valid(event["schema"], event["sample"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("limit=3", [1, 2, 3]),
        ("offset=16", [17, 18]),
        ("limit=1&offset=3", [4]),
        ("offset=18", []),
        ("limit=0", []),
        ("all&expand=webhook_event&offset=17", [18]),
    ],
)
def test_the_list_comes_in_pages(api, query, ids):
    reply = api.call("GET", f"/webhooks_events?{query}")
    assert [event["id"] for event in reply.body["webhooks_events"]] == ids
    assert reply.body["total"] == 18


@pytest.mark.parametrize("name", ["PAYMENT_STATE_UPDATED", "PAYMENT_STATE_UPDATE"])
def test_an_event_is_had_by_its_name_or_its_other_name(api, name):
    reply = api.call("GET", f"/webhooks_events/{name}")
    listed = api.call("GET", "/webhooks_events?limit=1&offset=15").body
    assert reply.body == listed["webhooks_events"][0]
    assert (reply.body["id"], reply.body["user_scoped"]) == (16, False)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/webhooks_events/NO_SUCH_EVENT", 404, "notFound"),
        ("GET", "/webhooks_events/16", 404, "notFound"),
        ("GET", "/webhooks_events?name=x", 400, "invalidValue"),
        ("GET", "/webhooks_events?limit=-1", 400, "invalidValue"),
        ("GET", "/webhooks_events/USER_SYNCED?limit=1", 400, "invalidValue"),
        ("POST", "/webhooks_events", 405, "methodNotAllowed"),
        ("DELETE", "/webhooks_events/USER_SYNCED", 405, "methodNotAllowed"),
    ],
)
def test_what_is_not_there_is_refused(api, method, path, status, code):
    reply = api.call(method, path)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize("path", ["/webhooks_events", "/webhooks_events/USER_SYNCED"])
def test_it_takes_a_token_for_the_configuration(path):
    assert ApiClient().call("GET", path).status == 401
    assert make_client(Scope.EMIT).call("GET", path).status == 403


def test_a_webhook_has_its_events_id_and_with_expand_the_event(api):
    event = api.call("GET", "/webhooks_events/CONNECTION_SYNCED").body
    fields = {"event": "CONNECTION_SYNCED", "url": URL}
    created = api.call("POST", "/webhooks?expand=webhook_event", fields).body
    route = f"/webhooks/{created['id']}"
    changed = api.call("PUT", f"{route}?expand=webhook_event", {"deadline": 5}).body
    got = api.call("GET", f"{route}?expand=other,webhook_event[more]").body
    listed = api.call("GET", "/webhooks?expand=webhook_event").body["webhooks"]
    for webhook in (created, changed, got, *listed):
        assert webhook["id_event"] == event["id"] == 4
        assert webhook["webhook_event"] == event


@pytest.mark.parametrize(
    "query",
    ["", "?expand=", "?expand=user[a[b],webhook_event],log", "?expand=]webhook_event"],
)
def test_without_being_asked_for_the_event_is_not_nested(api, query):
    webhook = Webhook.objects.create(event="USER_SYNCED", url=URL)
    got = api.call("GET", f"/webhooks/{webhook.pk}{query}").body
    listed = api.call("GET", f"/webhooks{query}").body["webhooks"]
    for each in (got, *listed):
        assert each["id_event"] == 3
        assert "webhook_event" not in each


def test_a_sample_can_be_emitted_as_it_is(api, settings):
    settings.WEBHOOKS_SCHEMA_CHECK = "enforce"
    platform = make_client(Scope.EMIT)
    for event in api.call("GET", "/webhooks_events").body["webhooks_events"]:
        body = {"event": event["name"], "payload": event["sample"]}
        reply = platform.call("POST", "/events", json.dumps(body).encode())
        assert reply.status == 201
