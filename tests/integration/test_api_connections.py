"""`/users/{id|me}/connections`, accounts, subscriptions, and the test triggers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.connections.claims import claim
from apps.connections.models import Account, Connection, Subscription
from apps.event_log.models import Event
from apps.webhooks.users import create_user
from tests.integration.api_client import ApiClient, make_client
from tests.make import make_webhook

pytestmark = pytest.mark.django_db

UUID = "c5a9f4e2-0b1d-5c57-9a53-6d7f1f6b8e01"
BODY = {"id_connector": 40, "login": "claire", "activate": True, "transactions": 20}


@pytest.fixture
def user():
    return create_user()


@pytest.fixture
def api(user):
    return ApiClient(token=user.token)


def made(api: ApiClient, **fields: Any) -> dict[str, Any]:
    reply = api.call("POST", "/users/me/connections", BODY | fields)
    assert reply.status in (201, 202), reply.body
    return dict(reply.body)


def events(name: str | None = None) -> QuerySet[Event]:
    found = Event.objects.exclude(name="USER_CREATED").order_by("pk")
    return found if name is None else found.filter(name=name)


@pytest.mark.parametrize(
    ("fields", "status", "state"),
    [
        ({}, 201, None),
        ({"id_connector": None, "connector_uuid": UUID}, 201, None),
        ({"login": "wrongpass"}, 201, "wrongpass"),
        ({"login": "websiteUnavailable"}, 201, "websiteUnavailable"),
        ({"login": "SCARequired"}, 202, "SCARequired"),
        ({"login": "decoupled"}, 202, "decoupled"),
        ({"login": "additionalInformationNeeded"}, 202, "additionalInformationNeeded"),
    ],
)
def test_connecting_synchronises(api, user, fields, status, state):
    reply = api.call("POST", "/2.0/users/me/connections", BODY | fields)
    assert reply.status == status
    assert (reply.body["state"], reply.body["error"]) == (state, state)
    assert reply.body["id_user"] == user.pk
    assert reply.body["connector_uuid"] == UUID
    assert reply.body["created"].endswith("Z")
    assert set(events().values_list("origin", flat=True)) == {Event.Origin.API}
    assert events("CONNECTION_SYNCED").count() == 1


def test_credentials_are_sealed_and_never_shown(api):
    body = made(api, password="s3cret-pass")
    listed = api.call("GET", "/users/me/connections")
    assert "s3cret-pass" not in str(body) + str(listed.body)
    stored = Connection.objects.extra(select={"raw": "fields"}).get()
    assert "s3cret-pass" not in stored.raw
    assert stored.credentials["password"] == "s3cret-pass"
    for event in events():
        assert "s3cret-pass" not in str(event.payload)


def test_a_form_does_as_well(api):
    body = b"id_connector=40&login=claire&activate=true&transactions=20"
    form = "application/x-www-form-urlencoded"
    reply = api.call("POST", "/users/me/connections", body, form)
    assert reply.status == 201
    assert Account.objects.filter(disabled_at=None).count() == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id_connector": None}, "missingParameter"),
        ({"login": None}, "invalidValue"),
        ({"login": ""}, "invalidValue"),
        ({"login": "x" * 1001}, "invalidValue"),
        ({"login": ["a"]}, "invalidValue"),
        ({"login": 1.5}, "invalidValue"),
        ({"id_connector": 41}, "invalidValue"),
        ({"id_connector": "the bank"}, "invalidValue"),
        ({"id_connector": [40]}, "invalidValue"),
        ({"connector_uuid": "no"}, "invalidValue"),
        ({"activate": "perhaps"}, "invalidValue"),
        ({"activate": 7}, "invalidValue"),
        ({"user": 1}, "invalidValue"),
        ({"unknown": "x"}, "invalidValue"),
    ],
)
def test_what_is_wrong_creates_nothing(api, fields, code):
    reply = api.call("POST", "/users/me/connections", BODY | fields)
    assert (reply.status, reply.code) == (400, code)
    assert not Connection.objects.exists()
    assert not events().exists()


def test_a_missing_login_is_named(api):
    reply = api.call("POST", "/users/me/connections", {"id_connector": 40})
    assert (reply.status, reply.code) == (400, "missingParameter")
    assert "login" in reply.body["message"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_synchronising_on_request(api, method):
    connection = made(api)["id"]
    Connection.objects.update(synced_at=timezone.now() - timedelta(hours=1))
    before = events().count()
    reply = api.call(method, f"/users/me/connections/{connection}")
    assert (reply.status, reply.body["state"]) == (200, None)
    assert events().count() > before


def test_up_to_date_is_a_409_and_tells_nothing(api):
    connection = made(api)["id"]
    before = events().count()
    reply = api.call("PUT", f"/users/me/connections/{connection}")
    assert (reply.status, reply.code) == (409, "tooManySync")
    assert events().count() == before


def test_already_synchronising_is_a_409_and_tells_nothing(api):
    connection = made(api)["id"]
    assert claim(connection, now=timezone.now()) is not None
    before = events().count()
    for body in (b"", {"password": "new"}):
        reply = api.call("PUT", f"/users/me/connections/{connection}", body)
        assert (reply.status, reply.code) == (409, "connectionLocked")
    assert events().count() == before
    assert "password" not in Connection.objects.get().credentials


def test_a_code_goes_on_where_the_user_was_waited_for(api):
    connection = made(api, login="SCARequired")["id"]
    path = f"/users/me/connections/{connection}"
    assert api.call("PUT", path).status == 202
    reply = api.call("PUT", path, {"code": "123456"})
    assert (reply.status, reply.body["state"]) == (200, None)
    reply = api.call("PUT", path, {"apart": 0})
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_lists_and_one(api):
    first, second = made(api)["id"], made(api)["id"]
    api.call("DELETE", f"/users/me/connections/{first}")
    listed = api.call("GET", "/users/me/connections")
    assert [each["id"] for each in listed.body["connections"]] == [second]
    assert listed.body["total"] == 1
    assert api.call("GET", "/users/me/connections?all").body["total"] == 2
    assert api.call("GET", f"/users/me/connections/{second}").body["id"] == second
    accounts = api.call("GET", "/users/me/accounts").body["accounts"]
    assert {each["id_connection"] for each in accounts} == {second}
    one = api.call("GET", f"/users/me/accounts/{accounts[1]['id']}").body
    assert one == accounts[1]
    assert one["id_parent"] == accounts[0]["id"]
    path = f"/users/me/connections/{second}/accounts"
    assert api.call("GET", path).body["accounts"] == accounts
    assert api.call("GET", "/users/me/subscriptions").body["total"] == 1


def test_deleting_tells_and_forgets_the_credentials(api):
    connection = made(api)["id"]
    reply = api.call("DELETE", f"/users/me/connections/{connection}")
    assert (reply.status, reply.body["active"]) == (200, False)
    assert events("CONNECTION_DELETED").count() == 1
    assert Connection.objects.get().fields is None
    again = api.call("DELETE", f"/users/me/connections/{connection}")
    assert (again.status, again.code) == (404, "notFound")
    assert events("CONNECTION_DELETED").count() == 1


@pytest.mark.parametrize(
    ("disabled", "event"),
    [
        (True, "ACCOUNT_DISABLED"),
        ("true", "ACCOUNT_DISABLED"),
        (False, None),
        (None, None),
    ],
)
def test_accounts_are_disabled_and_enabled(api, disabled, event):
    made(api)
    account = Account.objects.earliest("pk").pk
    before = set(events().values_list("pk", flat=True))
    path = f"/users/me/accounts/{account}?all"
    reply = api.call("PUT", path, {"disabled": disabled})
    new = events().exclude(pk__in=before)
    assert reply.status == 200
    assert (reply.body["disabled"] is None) is (event is None)
    assert [each.name for each in new] == ([event] if event else [])
    api.call("POST", path, {"disabled": "null"})
    assert Account.objects.get(pk=account).disabled_at is None
    told = [each.name for each in events().exclude(pk__in=before)]
    assert told == ([event, "ACCOUNT_ENABLED"] if event else [])


def test_an_enabled_account_need_not_wait_for_its_synchronisation(api):
    connection = made(api, activate=False)["id"]
    account = Account.objects.earliest("pk").pk
    api.call("PUT", f"/users/me/accounts/{account}", {"disabled": False})
    assert api.call("PUT", f"/users/me/connections/{connection}").status == 200
    assert events("ACCOUNT_SYNCED").count() == 1


def test_subscriptions_are_enabled_without_an_event(api):
    made(api, activate=False)
    subscription = Subscription.objects.get().pk
    before = events().count()
    path = f"/users/me/subscriptions/{subscription}"
    reply = api.call("PUT", path, {"disabled": False})
    assert (reply.status, reply.body["disabled"]) == (200, None)
    assert events().count() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missingParameter"),
        ({"disabled": "soon"}, "invalidValue"),
        ({"disabled": 3}, "invalidValue"),
        ({"disabled": True, "other": 1}, "invalidValue"),
    ],
)
def test_enabling_takes_a_truth(api, body, code):
    made(api)
    account = Account.objects.earliest("pk").pk
    reply = api.call("PUT", f"/users/me/accounts/{account}", body)
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    ("flag", "status"), [("", 200), ("=true", 200), ("=0", 200), ("=soon", 400)]
)
def test_all_is_taken_where_there_is_one_and_must_be_a_flag(api, method, flag, status):
    made(api)
    account = Account.objects.earliest("pk").pk
    body = {"disabled": False} if method == "PUT" else b""
    reply = api.call(method, f"/users/me/accounts/{account}?all{flag}", body)
    assert reply.status == status


ROUTES = [
    ("GET", "/users/{user}/connections"),
    ("POST", "/users/{user}/connections"),
    ("GET", "/users/{user}/connections/{connection}"),
    ("PUT", "/users/{user}/connections/{connection}"),
    ("DELETE", "/users/{user}/connections/{connection}"),
    ("GET", "/users/{user}/connections/{connection}/accounts"),
    ("GET", "/users/{user}/accounts"),
    ("GET", "/users/{user}/accounts/{account}"),
    ("PUT", "/users/{user}/accounts/{account}"),
    ("GET", "/users/{user}/subscriptions"),
    ("PUT", "/users/{user}/subscriptions/{subscription}"),
]
OF_ONE = [(method, route) for method, route in ROUTES if "on}" in route]


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize(
    ("who", "status"), [("nobody", 401), ("other", 404), ("config", 403)]
)
def test_what_belongs_to_a_user_is_not_for_others(
    api, user, method, route, who, status
):
    made(api)
    path = route.format(
        user=user.pk,
        connection=Connection.objects.get().pk,
        account=Account.objects.earliest("pk").pk,
        subscription=Subscription.objects.get().pk,
    )
    caller = {
        "nobody": ApiClient(),
        "other": ApiClient(token=create_user().token),
        "config": make_client(Scope.CONFIG),
    }[who]
    before = events().count()
    assert caller.call(method, path, {"disabled": True}).status == status
    assert events().count() == before


@pytest.mark.parametrize(("method", "route"), OF_ONE)
@pytest.mark.parametrize("number", ["{theirs}", "999999", "9" * 30])
def test_what_is_another_users_is_not_found_under_me(api, method, route, number):
    other = ApiClient(token=create_user().token)
    theirs = made(other)["id"]
    number = number.format(theirs=theirs)
    path = route.format(user="me", connection=number, subscription=number)
    reply = api.call(method, path, {"disabled": True} if "subs" in route else b"")
    assert (reply.status, reply.code) == (404, "notFound")


def test_a_users_token_sees_every_user(api, user):
    connection = made(api)["id"]
    platform = make_client(Scope.USERS)
    path = f"/users/{user.pk}/connections/{connection}"
    assert platform.call("GET", path).body["id"] == connection


@pytest.mark.parametrize("path", ["/test/webhooks", "/2.0/test/sync"])
def test_the_test_trigger_synchronises_a_real_connection(api, path):
    make_webhook("https://receiver.example.com/")
    connection = made(api)["id"]
    before = events("CONNECTION_SYNCED").count()
    reply = make_client(Scope.CONFIG).call("POST", path)
    assert (reply.status, reply.body["id"]) == (200, connection)
    assert events("CONNECTION_SYNCED").count() == before + 1


@pytest.mark.parametrize("path", ["/test/webhooks", "/test/sync"])
def test_without_a_connection_the_test_trigger_makes_none_up(api, path):
    api.call("DELETE", f"/users/me/connections/{made(api)['id']}")
    before = events().count()
    reply = make_client(Scope.CONFIG).call("POST", path)
    assert (reply.status, reply.code) == (409, "conflict")
    assert reply.body["message"] == "There is no connection to synchronise."
    assert events().count() == before
    assert make_client(Scope.EMIT).call("POST", path).status == 403
    assert ApiClient().call("POST", path).status == 401


def test_a_user_who_leaves_takes_the_connections_along(api, user):
    connection = made(api, password="s3cret-pass")["id"]
    assert api.call("DELETE", "/users/me").status == 200
    row = Connection.objects.get(pk=connection)
    assert row.deleted_at is not None
    assert row.fields is None
    names = list(events().order_by("-pk").values_list("name", flat=True)[:2])
    assert names == ["USER_DELETED", "CONNECTION_DELETED"]


def test_a_temporary_user_who_is_dropped_keeps_no_credentials():
    guest = create_user(permanent=False)
    client = ApiClient(token=guest.token)
    made(client, password="s3cret-pass")
    assert client.call("DELETE", "/users/me").status == 200
    row = Connection.objects.get()
    assert row.deleted_at is not None
    assert row.fields is None
