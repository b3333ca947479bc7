"""`POST /events`: what is taken, how it is stored, and what is refused."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.api_tokens.models import ApiToken, Scope
from apps.event_log.models import EndUser, Event
from apps.webhooks.api import events
from apps.webhooks.emit import emit
from apps.webhooks.intake import Intake
from apps.webhooks.models import Webhook, WebhookData
from tests.integration.api_client import URL, ApiClient, make_client, nothing_written

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.EMIT)


def make_user() -> EndUser:
    return EndUser.objects.create(permanent_at="2024-01-01T00:00Z", token="t")


@pytest.mark.parametrize("path", ["/events", "/2.0/events"])
def test_an_event_is_stored_and_fanned_out(api, path):
    user = make_user()
    Webhook.objects.create(event="USER_CREATED", url=URL)
    Webhook.objects.create(event="USER_DELETED", url=URL)
    event = {"event": "USER_CREATED", "id_user": user.pk, "payload": {"id": user.pk}}

    reply = api.call("POST", path, event)

    stored = Event.objects.get()
    assert reply.status == 201
    assert reply.body == {"id_event": stored.pk, "webhooks": 1, "repeated": False}
    assert (stored.name, stored.user_id) == ("USER_CREATED", user.pk)
    assert (stored.origin, stored.source) == (
        Event.Origin.PLATFORM,
        f"api:{ApiToken.objects.get().pk}",
    )
    assert WebhookData.objects.get().state == WebhookData.State.PENDING


def test_the_other_spelling_of_payment_state_updated_is_taken(api):
    api.call("POST", "/events", {"event": "PAYMENT_STATE_UPDATE", "payload": {}})
    assert Event.objects.get().name == "PAYMENT_STATE_UPDATED"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ('{"n": 1.10, "e": 1E2}', '{"n": 1.10, "e": 1E2}'),
        ('{"a":"\\u00e9","b":"é€😀","c":"\\ud83d\\ude00"}',) * 2,
        ('{\n\t"a" : [ 1 , 2 ]\n}', '{\n\t"a" : [ 1 , 2 ]\n}'),
        ("{ }", "{}"),
        ('{"payload": {"payload": 1.0}}',) * 2,
    ],
)
def test_a_payload_is_kept_as_it_was_written(api, written, stored):
    text = ' {"payload" : ' + written + ' , "event":"USER_CREATED"} '

    reply = api.call("POST", "/events", text.encode())

    assert reply.status == 201
    assert Event.objects.get().payload == stored


@pytest.mark.parametrize("as_object", [True, False])
def test_a_bulk_is_emitted_in_order_with_its_bytes(api, as_object):
    Webhook.objects.create(event="USER_CREATED", url=URL)
    events = (
        '[{"event":"USER_CREATED","payload":{"n":1.10}}, '
        '{"payload": { "n" : 2.0 },"event":"USER_DELETED","idempotency_key":"k"}]'
    )
    text = '{"events": ' + events + "}" if as_object else events

    reply = api.call("POST", "/events", text.encode())

    first, second = Event.objects.order_by("pk")
    assert reply.status == 201
    assert reply.body == {
        "events": [
            {"id_event": first.pk, "webhooks": 1, "repeated": False},
            {"id_event": second.pk, "webhooks": 0, "repeated": False},
        ],
        "total": 2,
    }
    assert first.payload == '{"n":1.10}'
    assert second.payload == '{ "n" : 2.0 }'
    assert second.idempotency_key == "k"


def test_a_bulk_with_one_bad_event_emits_none(api):
    good = {"event": "USER_CREATED", "payload": {}}
    with nothing_written():
        reply = api.call("POST", "/events", [good, good | {"id_user": 404}])
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize("count", [0, 1001])
def test_a_bulk_has_a_thousand_events_at_most(api, count):
    with nothing_written():
        reply = api.call(
            "POST", "/events", [{"event": "USER_CREATED", "payload": {}}] * count
        )
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize("in_header", [True, False])
def test_an_idempotency_key_makes_a_repetition_harmless(api, in_header):
    event: dict[str, Any] = {"event": "USER_CREATED", "payload": {"id": 1}}
    headers = {"Idempotency_Key": "k1"} if in_header else {}
    key = {} if in_header else {"idempotency_key": "k1"}

    first = api.call("POST", "/events", event | key, **headers)
    again = api.call("POST", "/events", event | key, **headers)
    other = api.call("POST", "/events", event | key | {"payload": {}}, **headers)

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body | {"repeated": True}
    assert (other.status, other.code) == (409, "idempotencyConflict")
    assert Event.objects.count() == 1


def test_each_token_has_idempotency_keys_of_its_own(api):
    event = {"event": "USER_CREATED", "payload": {}, "idempotency_key": "k"}
    other = make_client(Scope.EMIT)
    assert api.call("POST", "/events", event).status == 201
    assert other.call("POST", "/events", event | {"payload": {"a": 1}}).status == 201


DEEP = 1000
BAD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blank": b" ",
    "cut": b'{"event":"USER_CREATED","payload":{',
    "trailing text": b'{"event":"USER_CREATED","payload":{}} {}',
    "single quotes": b"{'event':'USER_CREATED','payload':{}}",
    "byte order mark": b'\xef\xbb\xbf{"event":"USER_CREATED","payload":{}}',
    "utf-16": '{"event":"USER_CREATED","payload":{}}'.encode("utf-16"),
    "not utf-8": b'{"event":"USER_CREATED","payload":{"a":"\xff"}}',
    "encoded surrogate": b'{"event":"USER_CREATED","payload":{"a":"\xed\xa0\x80"}}',
    "a number": b"3",
    "null": b"null",
    "list of numbers": b"[1]",
    "events is an object": b'{"events":{}}',
    "events is null": b'{"events":null}',
    "events and event": b'{"events":[],"event":"USER_CREATED"}',
    "no event": b'{"payload":{}}',
    "no payload": b'{"event":"USER_CREATED"}',
    "event is null": b'{"event":null,"payload":{}}',
    "event is a number": b'{"event":1,"payload":{}}',
    "event is a list": b'{"event":["USER_CREATED"],"payload":{}}',
    "unknown event": b'{"event":"USER_FED","payload":{}}',
    "unknown member": b'{"event":"USER_CREATED","payload":{},"paylod":{}}',
    "payload is null": b'{"event":"USER_CREATED","payload":null}',
    "payload is a list": b'{"event":"USER_CREATED","payload":[]}',
    "payload is text": b'{"event":"USER_CREATED","payload":"{}"}',
    "payload has our id": b'{"event":"USER_CREATED","payload":{"id_webhook_data":1}}',
    "unknown user": b'{"event":"USER_CREATED","payload":{},"id_user":404}',
    "user is text": b'{"event":"USER_CREATED","payload":{},"id_user":"1"}',
    "user is a fraction": b'{"event":"USER_CREATED","payload":{},"id_user":1.0}',
    "user is true": b'{"event":"USER_CREATED","payload":{},"id_user":true}',
    "user is zero": b'{"event":"USER_CREATED","payload":{},"id_user":0}',
    "user beyond bigint": b'{"event":"USER_CREATED","payload":{},"id_user":%d}' % 2**63,
    "user of 400 digits": b'{"event":"USER_CREATED","payload":{},"id_user":%d}'
    % 10**400,
    "number of 5000 digits": b'{"event":"USER_CREATED","payload":{"n":%s}}'
    % (b"1" * 5000),
    "NUL": b'{"event":"USER_CREATED","payload":{"a":"\\u0000"}}',
    "NUL in a key": b'{"event":"USER_CREATED","payload":{"\\u0000":1}}',
    "raw NUL": b'{"event":"USER_CREATED","payload":{"a":"\x00"}}',
    "lone surrogate": b'{"event":"USER_CREATED","payload":{"a":"\\ud800"}}',
    "lone low surrogate": b'{"event":"USER_CREATED","payload":{"a":"\\udc00x"}}',
    "key twice": b'{"event":"USER_CREATED","payload":{"a":1,"a":1}}',
    "event twice": b'{"event":"USER_CREATED","event":"USER_DELETED","payload":{}}',
    "NaN": b'{"event":"USER_CREATED","payload":{"a":NaN}}',
    "infinity": b'{"event":"USER_CREATED","payload":{"a":-Infinity}}',
    "1000 lists deep": b'{"event":"USER_CREATED","payload":{"a":%s%s}}'
    % (b"[" * DEEP, b"]" * DEEP),
    "1000 objects deep": b'{"event":"USER_CREATED","payload":%s1%s}'
    % (b'{"a":' * DEEP, b"}" * DEEP),
    "100000 deep": b"[" * 100_000,
    "empty key": b'{"event":"USER_CREATED","payload":{},"idempotency_key":""}',
    "key is a number": b'{"event":"USER_CREATED","payload":{},"idempotency_key":1}',
    "key is long": b'{"event":"USER_CREATED","payload":{},"idempotency_key":"%s"}'
    % (b"k" * 256),
    "key is not ASCII": b'{"event":"USER_CREATED","payload":{},'
    b'"idempotency_key":"\\u00e9"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_body_is_refused_with_a_sentence(api, body):
    with nothing_written():
        reply = api.call("POST", "/events", body)
    assert reply.status == 400
    assert reply.code in ("invalidValue", "missingParameter")
    assert reply.body["message"].endswith(".")


@pytest.mark.parametrize(
    ("event", "headers"),
    [
        ({"event": "USER_CREATED", "payload": {}, "idempotency_key": "a"}, "b"),
        ([{"event": "USER_CREATED", "payload": {}}], "b"),
        ({"event": "USER_CREATED", "payload": {}}, "é"),
        ({"event": "USER_CREATED", "payload": {}}, ""),
    ],
)
def test_a_bad_idempotency_key_in_the_header_is_refused(api, event, headers):
    with nothing_written():
        reply = api.call("POST", "/events", event, Idempotency_Key=headers)
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/html; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "nonsense",
        "",
    ],
)
def test_only_json_is_taken(api, content_type):
    event = {"event": "USER_CREATED", "payload": {}}
    with nothing_written():
        reply = api.call("POST", "/events", event, content_type=content_type)
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"{}", mtime=0), b"\x1f\x8b\x08cut"],
    ids=["whole", "cut short"],
)
def test_a_compressed_body_is_refused(api, body):
    with nothing_written():
        reply = api.call("POST", "/events", body, Content_Encoding="gzip")
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert "Content-Encoding" in reply.body["message"]


@pytest.mark.parametrize(("size", "status"), [(1000, 201), (1001, 400), (4000, 400)])
def test_a_payload_has_a_greatest_size(api, settings, size, status):
    settings.WEBHOOKS_MAX_PAYLOAD_BYTES = 1000
    payload = b'{"a":"%s"}' % (b"x" * (size - len(b'{"a":""}')))
    body = b'{"event":"USER_CREATED","payload":%s}' % payload

    reply = api.call("POST", "/events", body)

    assert reply.status == status
    assert Event.objects.count() == (1 if status == 201 else 0)
    assert status == 201 or reply.code == "invalidValue"


def test_a_payload_of_ten_megabytes_is_taken(api):
    text = "x" * (10 * 1024 * 1024 - len('{"a": ""}'))
    reply = api.call(
        "POST", "/events", {"event": "USER_CREATED", "payload": {"a": text}}
    )
    assert reply.status == 201, reply.body


def test_a_payload_above_ten_megabytes_is_refused(api):
    text = "x" * (10 * 1024 * 1024)
    with nothing_written():
        reply = api.call(
            "POST", "/events", {"event": "USER_CREATED", "payload": {"a": text}}
        )
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_a_single_event_costs_one_query(api, django_assert_num_queries):
    event = {"event": "USER_CREATED", "payload": {}}
    api.call("POST", "/events", event)
    # The token is remembered for a second.
    with django_assert_num_queries(1):
        api.call("POST", "/events", event)


def test_the_body_of_a_repetition_may_be_json_that_differs_only_in_the_envelope(api):
    event = {"event": "USER_CREATED", "payload": {"a": 1}, "idempotency_key": "k"}
    first = api.call("POST", "/events", event)
    turned = json.dumps(dict(reversed(event.items())), indent=None).encode()
    assert (
        api.call("POST", "/events", turned).body["id_event"] == first.body["id_event"]
    )


def test_nothing_is_taken_while_too_much_waits(api, settings, monkeypatch):
    settings.WEBHOOKS_MAX_BACKLOG = 1
    event: dict[str, Any] = {"event": "USER_CREATED", "payload": {}}
    for _ in range(2):
        Webhook.objects.create(event="USER_CREATED", url=URL)
    monkeypatch.setattr(events, "INTAKE", Intake())
    assert api.call("POST", "/events", event).status == 201
    monkeypatch.setattr(events, "INTAKE", Intake())

    with nothing_written():
        reply = api.call("POST", "/events", event)

    assert (reply.status, reply.code) == (503, "unavailable")
    assert reply.headers["Retry-After"] == "5"
    assert reply.body["message"] == "More than 1 deliveries wait to be sent."
    WebhookData.objects.filter(pk=WebhookData.objects.latest("pk").pk).update(
        state=WebhookData.State.CANCELLED
    )
    monkeypatch.setattr(events, "INTAKE", Intake())
    assert api.call("POST", "/events", event).status == 201


def test_what_waits_is_counted_for_a_second(api, settings, monkeypatch):
    monkeypatch.setattr(events, "INTAKE", Intake())
    event: dict[str, Any] = {"event": "USER_CREATED", "payload": {}}
    api.call("POST", "/events", event)
    with CaptureQueriesContext(connection) as queries:
        assert api.call("POST", "/events", event).status == 201
    assert not any("state = 1" in query["sql"] for query in queries)


def test_emission_in_python_is_never_refused(settings):
    settings.WEBHOOKS_MAX_BACKLOG = 1
    for _ in range(2):
        Webhook.objects.create(event="USER_CREATED", url=URL)
    for _ in range(2):
        emit("USER_CREATED", {})
    assert WebhookData.objects.count() == 4
