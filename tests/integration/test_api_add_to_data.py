"""`/webhooks/{id}/add_to_data`: what a webhook adds to its bodies, over the API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from apps.api_tokens.models import Scope
from apps.webhooks.addition_fields import MEMBERS, NAME_CHARACTERS
from apps.webhooks.additions import add_to_data
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import Refused, create_webhook
from tests.integration.api_client import URL, ApiClient, make_client
from tests.integration.test_emit import in_threads

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
LONG = "n" * NAME_CHARACTERS


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


@pytest.fixture
def webhook() -> Webhook:
    return create_webhook(event="CONNECTION_SYNCED", url=URL, add_to_data={"a": "x"})


def route(webhook: Webhook, name: str | None = None) -> str:
    path = f"/webhooks/{webhook.pk}/add_to_data"
    return path if name is None else f"{path}/{quote(name)}"


def stored() -> dict[str, str]:
    added: dict[str, str] = Webhook.objects.get().add_to_data
    return added


@pytest.mark.parametrize("root", ["", "/2.0"])
def test_members_are_added_replaced_listed_and_cleared(api, webhook, root):
    path = root + route(webhook)
    before = api.call("GET", path)
    assert (before.status, before.body["add_to_data"]) == (200, '{"a":"x"}')

    reply = api.call("POST", path, {"b": "other.key", "a": "y"})
    assert reply.status == 200
    assert json.loads(reply.body["add_to_data"]) == {"a": "y", "b": "other.key"}
    assert reply.body["updated"] > before.body["updated"]
    changed = {"add_to_data", "updated"}
    assert {name for name in reply.body if reply.body[name] != before.body[name]} == (
        changed
    )
    assert api.call("GET", path).body == reply.body
    assert api.call("GET", f"/webhooks/{webhook.pk}").body == reply.body
    assert stored() == {"a": "y", "b": "other.key"}

    cleared = api.call("DELETE", path)
    assert (cleared.status, cleared.body["add_to_data"]) == (200, "{}")
    assert stored() == {}
    assert api.call("DELETE", path).status == 200


@pytest.mark.parametrize("name", ["b", "a/b", "é€😀 ?#%", "expand", LONG, "value"])
def test_one_member_is_added_replaced_read_and_removed(api, webhook, name):
    path = route(webhook, name)
    assert api.call("GET", path).status == 404
    for key in ("one", "two"):
        reply = api.call("POST", path, {"value": key})
        assert (reply.status, stored()) == (200, {"a": "x", name: key})
        assert json.loads(reply.body["add_to_data"]) == stored()
    assert api.call("GET", path).body == reply.body
    removed = api.call("DELETE", path)
    assert (removed.status, removed.body["add_to_data"]) == (200, '{"a":"x"}')
    for method in ("GET", "DELETE"):
        gone = api.call(method, path)
        assert (gone.status, gone.code) == (404, "notFound")
    assert stored() == {"a": "x"}


def test_parameters_may_come_in_a_form_or_in_the_query_string(api, webhook):
    api.call("POST", route(webhook), urlencode({"b": "one"}).encode(), FORM)
    api.call("POST", route(webhook) + "?c=two&expand=webhook_event")
    api.call("POST", route(webhook, "d") + "?value=three")
    assert stored() == {"a": "x", "b": "one", "c": "two", "d": "three"}


def test_null_takes_one_away(api, webhook):
    reply = api.call("POST", route(webhook), {"a": None, "b": "y", "c": None})
    assert (reply.status, stored()) == (200, {"b": "y"})


def test_a_deleted_webhook_can_be_changed_as_by_an_update(api, webhook):
    api.call("DELETE", f"/webhooks/{webhook.pk}")
    assert api.call("POST", route(webhook), {"b": "y"}).status == 200


BAD_MEMBERS: list[Any] = [
    {"": "x"},
    {"n" * (NAME_CHARACTERS + 1): "x"},
    {"line\nbreak": "x"},
    {"\u0007": "x"},
    {"\u2028": "x"},
    {"\u200b": "x"},
    {"id_webhook_data": "x"},
    {"b": ""},
    {"b": "k" * (NAME_CHARACTERS + 1)},
    {"b": "tab\t"},
    {"b": 1},
    {"b": 1.5},
    {"b": True},
    {"b": []},
    {"b": {}},
    {"b": ["x"]},
    {f"n{number}": "x" for number in range(MEMBERS)},
]


@pytest.mark.parametrize("given", BAD_MEMBERS, ids=lambda given: repr(given)[:40])
def test_bad_members_are_refused_all_or_none(api, webhook, given):
    reply = api.call("POST", route(webhook), {"good": "x"} | given)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert reply.body.keys() == {"code", "description", "message", "request_id"}
    assert reply.body["message"].endswith(".")
    assert stored() == {"a": "x"}


@pytest.mark.parametrize("given", BAD_MEMBERS[:-1], ids=lambda given: repr(given)[:40])
def test_a_bad_member_is_refused_alone_too(api, webhook, given):
    ((name, key),) = given.items()
    reply = api.call("POST", route(webhook, name), {"value": key})
    # Without a name, or with a line break in it, the path is nobody's.
    assert reply.status == (404 if name in ("", "line\nbreak") else 400)
    assert stored() == {"a": "x"}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "", {}, "missingParameter"),
        ("POST", "", b"", "missingParameter"),
        ("POST", "", [], "invalidValue"),
        ("POST", "", b'{"b":"x","b":"y"}', "invalidValue"),
        ("POST", "", b'{"b":"\\u0000"}', "invalidValue"),
        ("POST", "", b'{"\\ud800":"x"}', "invalidValue"),
        ("POST", "?b=x", {"b": "y"}, "invalidValue"),
        ("POST", "/b", {}, "missingParameter"),
        ("POST", "/b", {"value": None}, "missingParameter"),
        ("POST", "/b", {"value": "x", "other": "x"}, "invalidValue"),
        ("POST", "/b", {"b": "x"}, "invalidValue"),
        ("POST", "/%00", {"value": "x"}, "invalidValue"),
        ("GET", "?nothing=1", b"", "invalidValue"),
        ("GET", "/a?nothing=1", b"", "invalidValue"),
        ("DELETE", "", {"a": "x"}, "invalidValue"),
        ("DELETE", "/a", {"value": "x"}, "invalidValue"),
    ],
)
def test_a_strange_request_is_refused(api, webhook, method, path, body, code):
    reply = api.call(method, route(webhook) + path, body)
    assert (reply.status, reply.code) == (400, code)
    assert stored() == {"a": "x"}


@pytest.mark.parametrize("path", ["", "/a"])
def test_other_methods_are_not_allowed(api, webhook, path):
    for method in ("PUT", "PATCH"):
        reply = api.call(method, route(webhook) + path, {"value": "x"})
        assert (reply.status, reply.code) == (405, "methodNotAllowed")


@pytest.mark.parametrize("id_webhook", ["0", "404", str(2**63), "9" * 400])
@pytest.mark.parametrize("path", ["", "/a"])
def test_a_webhook_that_is_not_there_is_a_404(api, id_webhook, path):
    for method in ("GET", "POST", "DELETE"):
        body = {"value": "x"} if method == "POST" else b""
        reply = api.call(method, f"/webhooks/{id_webhook}/add_to_data{path}", body)
        assert (reply.status, reply.code) == (404, "notFound")


@pytest.mark.parametrize("path", ["", "/a"])
def test_only_a_token_for_the_configuration_is_let_in(webhook, path):
    for caller, status in (
        (ApiClient(), 401),
        (make_client(Scope.EMIT), 403),
        (make_client(Scope.USERS), 403),
    ):
        for method in ("GET", "POST", "DELETE"):
            body = {"value": "x"} if method == "POST" else b""
            assert caller.call(method, route(webhook) + path, body).status == status
    assert stored() == {"a": "x"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"b": "y"}, {"b": "y"}),
        ('{"b": "\\u0079"}', {"b": "y"}),
        ({LONG: "k" * NAME_CHARACTERS}, {LONG: "k" * NAME_CHARACTERS}),
        ({f"n{number}": "x" for number in range(MEMBERS)},) * 2,
        ({}, {}),
        ("{}", {}),
        (None, {}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_registration_and_an_update_set_all_of_them(api, webhook, given, kept):
    fields = {"event": "USER_SYNCED", "add_to_data": given}
    created = api.call("POST", "/webhooks", fields)
    changed = api.call("PUT", f"/webhooks/{webhook.pk}", {"add_to_data": given})
    for reply in (created, changed):
        assert reply.status == 200
        assert json.loads(reply.body["add_to_data"]) == kept
        assert Webhook.objects.get(pk=reply.body["id"]).add_to_data == kept


def test_an_update_of_something_else_leaves_them(api, webhook):
    reply = api.call("PUT", f"/webhooks/{webhook.pk}", {"deadline": 5})
    assert reply.body["add_to_data"] == '{"a":"x"}'


def test_a_form_has_them_as_text(api):
    form = urlencode({"event": "USER_SYNCED", "add_to_data": '{"b":"y"}'}).encode()
    assert api.call("POST", "/webhooks", form, FORM).body["add_to_data"] == '{"b":"y"}'


@pytest.mark.parametrize(
    "value",
    [
        *BAD_MEMBERS[:-1],
        {f"n{number}": "x" for number in range(MEMBERS + 1)},
        {"b": None},
        [],
        [["b", "y"]],
        1,
        True,
        "",
        "b",
        "[]",
        '"b"',
        "{",
        '{"b":"x","b":"y"}',
        '{"b":1}',
        '{"\\ud800":"x"}',
        "[" * 1000,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_value_is_refused_wherever_it_comes(api, webhook, value):
    created = api.call(
        "POST", "/webhooks", {"event": "USER_SYNCED", "add_to_data": value}
    )
    changed = api.call(
        "PUT", f"/webhooks/{webhook.pk}", {"deadline": 7, "add_to_data": value}
    )
    for reply in (created, changed):
        assert (reply.status, reply.code) == (400, "invalidValue")
        assert reply.body["message"].endswith(".")
    assert stored() == {"a": "x"}
    assert Webhook.objects.get().deadline is None


@pytest.mark.parametrize("value", ["\ud800", '{"\ud800":"x"}', {"\ud800": "x"}])
def test_half_a_surrogate_pair_is_refused_from_python_too(webhook, value):
    with pytest.raises(Refused, match=r"\.$"):
        create_webhook(event="USER_SYNCED", add_to_data=value)


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("id_service", [None, "null"], [0, 1, "1", "", {}, [], True, False]),
        (
            "params",
            [None, "null", {}],
            [1, "", "{}", [], False, {"type": "a", "key": "b", "value": "c"}],
        ),
    ],
)
def test_what_means_nothing_here_may_be_sent_empty_only(
    api, webhook, field, allowed, refused
):
    """Contract, 2.1: parameters of the original for what is not here."""
    for value in allowed:
        given: dict[str, Any] = {"event": "USER_SYNCED", field: value}
        content_type = "application/json"
        body: Any = given
        if value == "null":
            body, content_type = urlencode(given).encode(), FORM
        created = api.call("POST", "/webhooks", body, content_type)
        assert created.status == 200
        changed = api.call("PUT", f"/webhooks/{created.body['id']}", body, content_type)
        assert changed.status == 200
    count = Webhook.objects.count()
    for value in refused:
        reply = api.call("POST", "/webhooks", {"event": "USER_SYNCED", field: value})
        assert (reply.status, reply.code) == (400, "invalidValue")
        assert field in reply.body["message"]
    assert Webhook.objects.count() == count


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_are_all_kept():
    webhook = create_webhook(event="USER_SYNCED")
    in_threads(8, lambda number: add_to_data(webhook.pk, {f"n{number}": "x"}))
    assert stored() == {f"n{number}": "x" for number in range(8)}


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_do_not_pass_the_bound_together():
    most = {f"n{number}": "x" for number in range(MEMBERS - 1)}
    webhook = create_webhook(event="USER_SYNCED", add_to_data=most)
    results = in_threads(4, lambda number: add_to_data(webhook.pk, {f"m{number}": "x"}))
    assert sum(isinstance(each, Refused) for each in results) == 3
    assert len(stored()) == MEMBERS
