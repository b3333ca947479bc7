"""`/webhooks`: registering, changing, deleting, listing."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest

from apps.api_tokens.models import Scope
from apps.auth_providers.models import AuthProvider
from apps.event_log.models import EndUser
from apps.webhooks.api.parsers import StrictFormParser
from apps.webhooks.api.webhooks import WebhooksView
from apps.webhooks.models import Lease, Webhook, WebhookData
from apps.webhooks.registrations import Refused
from tests.integration.api_client import URL, ApiClient, make_client, nothing_written

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
MEMBERS = {
    "id", "id_event", "event", "url", "id_auth", "id_user", "compression", "deadline",
    "id_service", "max_in_flight", "add_to_data", "created", "updated", "deleted",
    "health_data", "warning", "paused", "paused_until",
    "paused_by", "pause_note",
}  # fmt: skip


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


def make_webhook(**fields) -> Webhook:
    return Webhook.objects.create(**{"event": "USER_CREATED", "url": URL} | fields)


def make_user() -> EndUser:
    return EndUser.objects.create(permanent_at="2024-01-01T00:00Z", token="t")


@pytest.mark.parametrize("root", ["", "/2.0"])
def test_a_webhook_is_registered_and_read_back(api, root):
    provider = AuthProvider.objects.create(type="hmac_signature", name="mine")
    user = make_user()
    fields = {
        "event": "CONNECTION_SYNCED",
        "url": "https://receiver.example.com:8443/hook/?a=1",
        "id_auth": provider.pk,
        "id_user": user.pk,
        "compression": True,
        "deadline": 30,
        "max_in_flight": 256,
    }

    reply = api.call("POST", f"{root}/webhooks", fields)

    webhook = Webhook.objects.get()
    assert reply.status == 200
    assert reply.body.keys() == MEMBERS
    assert reply.body.items() >= (fields | {"id": webhook.pk, "deleted": None}).items()
    assert reply.body["created"].endswith("Z")
    assert "T" in reply.body["updated"]
    assert Lease.objects.filter(webhook=webhook).exists()
    assert api.call("GET", f"{root}/webhooks/{webhook.pk}").body == reply.body


def test_the_url_may_come_later(api):
    created = api.call(
        "POST", "/webhooks?expand=webhook_event", {"event": "USER_SYNCED"}
    )
    route = f"/webhooks/{created.body['id']}"
    assert created.body["url"] is None
    changed = api.call("PUT", f"{route}?expand=webhook_event", {"url": URL})
    assert (changed.status, changed.body["url"]) == (200, URL)
    assert changed.body["event"] == "USER_SYNCED"


@pytest.mark.parametrize("by", ["id", "name", "id as text"])
def test_an_auth_provider_is_named_by_id_or_name(api, by):
    provider = AuthProvider.objects.create(type="hmac_signature", name="mine")
    id_auth = {"id": provider.pk, "name": "mine", "id as text": str(provider.pk)}[by]
    reply = api.call("POST", "/webhooks", {"event": "USER_SYNCED", "id_auth": id_auth})
    assert reply.body["id_auth"] == provider.pk


def test_parameters_may_come_in_a_form_or_in_the_query_string(api):
    user = make_user()
    fields = {
        "event": "USER_SYNCED",
        "url": URL + "?a=b&c=%20",
        "id_user": user.pk,
        "compression": "false",
        "deadline": "5",
        "max_in_flight": "null",
    }
    expected = fields | {"compression": False, "deadline": 5, "max_in_flight": None}

    form = api.call("POST", "/webhooks", urlencode(fields).encode(), FORM)
    query = api.call("POST", "/webhooks?" + urlencode(fields))
    changed = api.call("POST", f"/webhooks/{query.body['id']}?compression=1")

    assert form.body.items() >= expected.items()
    assert query.body.items() >= expected.items()
    assert changed.body["compression"] is True


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_an_update_changes_what_it_names(api, method):
    webhook = make_webhook(deadline=5, compression=True)
    before = api.call("GET", f"/webhooks/{webhook.pk}").body
    reply = api.call(method, f"/webhooks/{webhook.pk}", {"deadline": None})
    assert reply.status == 200
    assert reply.body == before | {"deadline": None, "updated": reply.body["updated"]}
    assert reply.body["updated"] >= before["updated"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2024-05-01 12:00:00", "2024-05-01T10:00:00.000Z"),
        ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01", "2024-04-30T22:00:00.000Z"),
    ],
)
@pytest.mark.parametrize("back", [None, "null"])
def test_a_date_disables_and_null_enables_again(api, given, kept, back):
    webhook = make_webhook()
    disabled = api.call("PUT", f"/webhooks/{webhook.pk}", {"deleted": given})
    enabled = api.call("PUT", f"/webhooks/{webhook.pk}", {"deleted": back})
    assert disabled.body["deleted"] == kept
    assert enabled.body["deleted"] is None


def test_a_date_to_come_disables_at_once(api):
    webhook = make_webhook()
    reply = api.call("PUT", f"/webhooks/{webhook.pk}", {"deleted": "2999-01-01"})
    assert reply.body["deleted"] <= reply.body["updated"]


def test_a_deletion_is_soft_and_cancels_what_is_unsent(api):
    webhook, other = make_webhook(), make_webhook()
    for number, state in enumerate(WebhookData.State.values):
        for each in (webhook, other):
            WebhookData.objects.create(
                webhook=each,
                event_id=number,
                state=state,
                delivered_at="2024-01-01T00:00Z" if state == 2 else None,
            )

    reply = api.call("DELETE", f"/webhooks/{webhook.pk}")

    def states(of: Webhook) -> list[int]:
        data = WebhookData.objects.filter(webhook=of).order_by("event_id")
        return list(data.values_list("state", flat=True))

    assert reply.status == 200
    assert reply.body["deleted"] is not None
    # What is planned is its replay's to cancel.
    assert states(webhook) == [3, 3, 2, 3, 4, 5]
    assert states(other) == [0, 1, 2, 3, 4, 5]
    assert api.call("GET", f"/webhooks/{webhook.pk}").body == reply.body
    assert api.call("DELETE", f"/webhooks/{webhook.pk}").status == 200


def test_all_webhooks_are_deleted_together(api):
    make_webhook()
    make_webhook()
    make_webhook(deleted_at="2024-01-01T00:00Z")
    assert api.call("DELETE", "/webhooks").body == {"total": 2}
    assert api.call("GET", "/webhooks").body == {"webhooks": [], "total": 0}


def test_a_list_comes_in_pages_without_the_deleted(api):
    live = [make_webhook().pk for _ in range(3)]
    gone = make_webhook(deleted_at="2024-01-01T00:00Z").pk

    def ids(query: str) -> tuple[list[int], int]:
        body = api.call("GET", "/webhooks" + query).body
        return [webhook["id"] for webhook in body["webhooks"]], body["total"]

    assert ids("") == (live, 3)
    assert ids("?all") == ids("?all=true") == ([*live, gone], 4)
    assert ids("?limit=2") == (live[:2], 3)
    assert ids("?limit=2&offset=2&expand=x") == (live[2:], 3)
    assert ids("?limit=0") == ([], 3)
    assert ids("?offset=2147483647") == ([], 3)


def test_a_list_costs_four_queries(api, django_assert_num_queries):
    for _ in range(5):
        make_webhook()
    api.call("GET", "/webhooks")
    with django_assert_num_queries(4):
        api.call("GET", "/webhooks")


@pytest.mark.parametrize(
    "query",
    ["limit=", "limit=x", "limit=-1", "limit=1001", "limit=1.0", "limit=%D9%A1",
     "limit=" + "9" * 5000, "offset=-1", "offset=2147483648", "offset=1e3",
     "limit=1&limit=2", "all=maybe", "nothing=1", "%00=1", "limit=%ff", "limit=1%00",
     "&".join(f"a{n}=1" for n in range(2000)), "min_date=x"],
)  # fmt: skip
def test_a_strange_query_string_is_refused(api, query):
    reply = api.call("GET", f"/webhooks?{query}")
    assert (reply.status, reply.code) == (400, "invalidValue")


BAD_FIELDS: dict[str, list[Any]] = {
    "event": [1, "", "USER_FED", "user_created", ["USER_CREATED"], {}, True, "é" * 500],
    "url": [
        1,
        "",
        "receiver.example.com",
        "ftp://receiver.example.com/",
        "http://receiver.example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1]/",
        "https://2130706433/",
        "https://user:password@receiver.example.com/",
        "https://receiver.example.com/#fragment",
        "https://receiver.example.com\\@169.254.169.254/",
        "https://receiver.example.com:6379/",
        "https://receiver.example.com/\r\nX: 1",
        "https://" + "a" * 5000,
        [URL],
    ],
    "id_auth": [0, -1, 2**63, 10**400, "nobody", "", 1.5, True, [], {}, "9" * 30],
    "id_user": [0, -1, 2**63, 10**400, 404, "x", "1", 1.5, True, []],
    "compression": [0, 1, "yes", "", [], {}],
    "deadline": [0, -1, 31, 2**63, 10**400, "5", 1.5, True, []],
    "max_in_flight": [0, -1, 257, 2**63, "5", 1.5, True, []],
    "deleted": [0, 1, "", "yesterday", "2024-13-01", "0001-01-01T00:00:00+14:00",
                "9999-99-99", [], True, "2024-01-01T00:00:00+99:00"],
    "nothing": [1],
    "id": [1],
    "webhook_id": [1],
    "self": [1],
    "deleted_at": ["2024-01-01"],
    "auth_provider": [1],
    "": [1],
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in BAD_FIELDS.items() for value in values],
    ids=lambda value: repr(value)[:60],
)
def test_a_bad_value_is_refused_and_nothing_is_written(api, field, value):
    webhook = make_webhook()
    before = Webhook.objects.values().get()
    with nothing_written():
        created = api.call("POST", "/webhooks", {"event": "USER_SYNCED", field: value})
        changed = api.call(
            "PUT", f"/webhooks/{webhook.pk}", {"deadline": 7, field: value}
        )
    for reply in (created, changed):
        assert (reply.status, reply.code) == (400, "invalidValue")
        assert reply.body["message"].endswith(".")
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize("body", [{}, {"url": URL}, {"event": None}, b""])
def test_a_webhook_has_an_event(api, body):
    with nothing_written():
        reply = api.call("POST", "/webhooks", body)
    assert (reply.status, reply.code) == (400, "missingParameter")


def test_an_event_cannot_be_taken_away(api):
    reply = api.call("PUT", f"/webhooks/{make_webhook().pk}", {"event": None})
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b'{"event":"USER_SYNCED","event":"USER_SYNCED"}', "application/json"),
        (b'{"event":"USER_SYNCED","url":"\\u0000"}', "application/json"),
        (b'{"event":"USER_\\ud800"}', "application/json"),
        (b'{"event":' + b"[" * 1000, "application/json"),
        (b'{"event":"USER_SYNCED","x":"%s"}' % (b"x" * 1_000_000), "application/json"),
        (b"event=USER_SYNCED", "text/plain"),
        (b"event=USER_SYNCED", "multipart/form-data; boundary=x"),
        (b"event=USER_SYNCED&event=USER_SYNCED", FORM),
        (b"event=USER_SYNCED&url=https://a.example.com/%00", FORM),
        (b"event=USER_SYNCED&url=%ff", FORM),
        (b"event=USER_SYNCED&url=\xff", FORM),
        (b"event=USER_SYNCED&id_user=five", FORM),
        (b"&".join(b"a%d=1" % number for number in range(100)), FORM),
        (b"event=%s" % (b"x" * 1_000_000), FORM),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(api, body, content_type):
    with nothing_written():
        reply = api.call("POST", "/webhooks", body, content_type)
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_a_body_that_was_cut_is_refused(api):
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = "500"
    context = {"view": WebhooksView(), "request": request}
    with pytest.raises(Refused, match="too early"):
        StrictFormParser().parse(BytesIO(b"deleted=null"), FORM, context)


def test_a_body_without_a_length_is_not_taken_for_none(api):
    webhook = make_webhook(deadline=5)
    reply = api.call(
        "PUT", f"/webhooks/{webhook.pk}", {"deadline": 6}, Transfer_Encoding="chunked"
    )
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_a_parameter_is_given_once(api):
    reply = api.call("POST", "/webhooks?event=USER_SYNCED", {"event": "USER_SYNCED"})
    assert (reply.status, reply.code) == (400, "invalidValue")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE"])
@pytest.mark.parametrize("id_webhook", ["0", "404", str(2**63), "9" * 400])
def test_a_webhook_that_is_not_there_is_a_404(api, method, id_webhook):
    reply = api.call(method, f"/webhooks/{id_webhook}")
    assert (reply.status, reply.code) == (404, "notFound")
