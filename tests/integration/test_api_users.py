"""The life of end users over the API: tokens, codes, configuration, deletion."""

from __future__ import annotations

import functools
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.api_tokens.clients import create_client, find_client, revoke_client
from apps.api_tokens.models import (
    USER_SCOPE,
    ApiToken,
    Client,
    Scope,
    TemporaryCode,
    issue,
)
from apps.api_tokens.purge import purge_tokens
from apps.api_tokens.tokens import token_hash
from apps.event_log.models import EndUser, Event, UserConfig
from apps.event_log.user_config import KEYS
from apps.webhooks import tasks
from apps.webhooks.emit import emit
from apps.webhooks.holds import drop_expired_users, erase_spent_tokens
from apps.webhooks.models import WebhookData
from apps.webhooks.registrations import Refused, delete_webhook
from apps.webhooks.users import (
    code_for,
    create_user,
    delete_user,
    exchange_code,
    renew_token,
)
from tests.integration.api_client import ApiClient, make_client
from tests.integration.test_emit import in_threads
from tests.make import make_webhook

URL = "https://receiver.example.com/hook"
FORM = "application/x-www-form-urlencoded"
HELD, PENDING = WebhookData.State.HELD, WebhookData.State.PENDING
CANCELLED = WebhookData.State.CANCELLED


@pytest.fixture
def credentials(db: None) -> dict[str, str]:
    client, secret = create_client("shop")
    return {"client_id": client.client_id, "client_secret": secret}


def post(path: str, token: str | None = None, **body: Any) -> Any:
    """What a request that must succeed answers."""
    reply = ApiClient(token=token).call("POST", path, body)
    assert reply.status == 200, reply.body
    return reply.body


def test_the_whole_life_of_a_user(receiver, run_pump, credentials):
    for event in ("USER_CREATED", "CONNECTION_SYNCED", "USER_DELETED"):
        make_webhook(receiver.url(f"/{event}"), event, auth_provider=None)

    user = post("/2.0/auth/init")
    assert user.keys() == {"auth_token", "type", "id_user", "expires_in"}
    assert (user["type"], user["expires_in"]) == ("temporary", 1800)
    temporary, number = user["auth_token"], user["id_user"]
    emit("CONNECTION_SYNCED", {}, user=number)
    run_pump()
    assert receiver.record.total == 0

    code = post("/2.0/auth/token/code", temporary)
    assert code.keys() == {"code", "type", "access", "expires_in"}
    assert (code["type"], code["access"]) == ("temporary", "standard")
    assert 1790 <= code["expires_in"] <= 1800
    access = post("/2.0/auth/token/access", code=code["code"], **credentials)
    assert access.keys() == {"access_token", "token_type"}
    assert access["token_type"] == "Bearer"
    run_pump()
    delivered = receiver.record.deliveries()
    assert {each.target for each in delivered} == {
        "/USER_CREATED",
        "/CONNECTION_SYNCED",
    }
    assert {each.headers["authorization"] for each in delivered} == {
        f"Bearer {access['access_token']}"
    }

    me = ApiClient(token=access["access_token"])
    assert me.call("GET", "/users/me").body["type"] == "permanent"
    renewed = post(
        "/auth/renew", grant_type="client_credentials", id_user=number, **credentials
    )["access_token"]
    assert me.call("DELETE", "/users/me").body["deleted"] is not None
    for token in (temporary, access["access_token"], renewed):
        assert ApiClient(token=token).call("GET", "/users/me").status == 401
    run_pump()
    goodbye = receiver.record.deliveries()[-1]
    assert goodbye.target == "/USER_DELETED"
    assert goodbye.headers["authorization"] == f"Bearer {renewed}"
    body = json.loads(goodbye.body)
    assert body.keys() == {"id", "signin", "id_webhook_data"}
    assert body["id"] == number
    tasks.sweep()
    assert stored_token(number) is None


def test_with_client_credentials_a_user_is_permanent_at_once(credentials):
    user = post("/auth/init", **credentials)
    assert (user["type"], user["expires_in"]) == ("permanent", None)
    assert EndUser.objects.get(pk=user["id_user"]).permanent_at is not None
    token = ApiToken.objects.get(user=user["id_user"])
    assert (token.scopes, token.expires_at) == ("user", None)
    assert EndUser.objects.get(pk=user["id_user"]).token == user["auth_token"]


@pytest.mark.parametrize("how", ["json", "number", "form", "query"])
def test_parameters_come_as_json_as_a_form_or_in_the_query(credentials, how):
    text = f"client_id={credentials['client_id']}&"
    text += f"client_secret={credentials['client_secret']}"
    api = ApiClient()
    if how == "json":
        reply = api.call("POST", "/auth/init", credentials)
    elif how == "number":
        number = int(credentials["client_id"])
        reply = api.call("POST", "/auth/init", {**credentials, "client_id": number})
    elif how == "form":
        reply = api.call("POST", "/auth/init", text.encode(), FORM)
    else:
        reply = api.call("POST", f"/auth/init?{text}")
    assert (reply.status, reply.body["type"]) == (200, "permanent")
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_code_is_good_once(credentials):
    user = create_user(permanent=False)
    code, _ = code_for(user.pk)
    post("/auth/token/access", code=code, **credentials)
    reply = ApiClient().call("POST", "/auth/token/access", {"code": code} | credentials)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert not TemporaryCode.objects.exists()


def test_a_code_of_a_permanent_user_gives_another_token(credentials):
    user = create_user()
    reply = ApiClient(token=user.token).call(
        "GET", "/auth/token/code?type=singleAccess"
    )
    assert (reply.body["type"], reply.body["access"]) == ("singleAccess", "single")
    second = post("/auth/token/access", code=reply.body["code"], **credentials)
    assert second["access_token"] != user.token
    assert stored_token(user.pk) == second["access_token"]
    assert ApiClient(token=user.token).call("GET", "/users/me").status == 200


def test_a_code_is_not_good_for_ever(credentials):
    code, expires_at = code_for(create_user().pk)
    assert timedelta(minutes=29) < expires_at - timezone.now() <= timedelta(minutes=30)
    TemporaryCode.objects.update(expires_at=timezone.now())
    with pytest.raises(Refused, match="too old"):
        exchange_code(code)
    tasks.sweep()
    assert not TemporaryCode.objects.exists()


def test_a_code_ends_with_its_temporary_user(credentials):
    user = create_user(permanent=False)
    code, expires_at = code_for(user.pk)
    assert expires_at == user.expires_at
    delete_user(user.pk)
    with pytest.raises(Refused, match="too old"):
        exchange_code(code)


def test_a_refused_exchange_uses_no_code_up(credentials):
    user = create_user(permanent=False)
    code, _ = code_for(user.pk)
    wrong = credentials | {"client_secret": "wrong", "code": code}
    reply = ApiClient().call("POST", "/auth/token/access", wrong)
    assert (reply.status, reply.code) == (401, "unauthorized")
    assert EndUser.objects.get().is_temporary
    post("/auth/token/access", code=code, **credentials)


@pytest.mark.django_db(transaction=True)
def test_of_two_exchanges_of_one_code_one_wins():
    make_webhook(URL, "USER_CREATED")
    for _ in range(10):
        user = create_user(permanent=False)
        code, _ = code_for(user.pk)
        results = in_threads(3, functools.partial(exchange, code))
        tokens = [each for each in results if isinstance(each, str)]
        assert len(tokens) == 1
        assert all(isinstance(each, str | Refused) for each in results)
        assert stored_token(user.pk) == tokens[0]
        assert ApiToken.objects.filter(user=user.pk).count() == 2
    assert not WebhookData.objects.filter(state=HELD).exists()


@pytest.mark.django_db(transaction=True)
def test_an_exchange_and_a_deletion_at_once_leave_no_living_token():
    for _ in range(10):
        user = create_user(permanent=False)
        code, _ = code_for(user.pk)

        def race(number: int, code: str = code, user: int = user.pk) -> object:
            return exchange_code(code) if number else delete_user(user)

        in_threads(2, race)
        assert not ApiToken.objects.filter(revoked_at__isnull=True).exists()
        assert EndUser.objects.get(pk=user.pk).deleted_at is not None


@pytest.mark.django_db
def test_what_is_held_is_released_in_the_same_transaction():
    make_webhook(URL, "USER_CREATED")
    user = create_user(permanent=False)
    code, _ = code_for(user.pk)
    with transaction.atomic():
        exchange_code(code)
        assert WebhookData.objects.get().state == PENDING
        transaction.set_rollback(True)
    assert WebhookData.objects.get().state == HELD
    assert EndUser.objects.get().is_temporary
    assert TemporaryCode.objects.count() == 1
    assert ApiToken.objects.count() == 1


def test_a_renewal_leaves_the_other_tokens_unless_told(credentials):
    user = create_user(permanent=False)
    asked = {
        "grant_type": "client_credentials",
        "id_user": user.pk,
        **credentials,
    }
    second = post("/auth/renew", **asked)["access_token"]
    assert not EndUser.objects.get().is_temporary
    assert ApiClient(token=user.token).call("GET", "/users/me").status == 200
    third = post("/auth/renew", revoke_previous=True, **asked)["access_token"]
    for token, status in ((user.token, 401), (second, 401), (third, 200)):
        assert ApiClient(token=token).call("GET", "/users/me").status == status
    assert stored_token(user.pk) == third
    form = "&".join(f"{key}={value}" for key, value in asked.items())
    reply = ApiClient().call("POST", f"/auth/renew?{form}&revoke_previous=true")
    assert reply.status == 200
    assert ApiClient(token=third).call("GET", "/users/me").status == 401


def test_deliveries_carry_no_revoked_token(receiver, run_pump, credentials):
    make_webhook(receiver.url("/"), auth_provider=None)
    user = create_user()
    newer = renew_token(user.pk)
    assert ApiClient(token=user.token).call("DELETE", "/auth/token").status == 204
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    assert ApiClient(token=user.token).call("GET", "/users/me").status == 401
    run_pump()
    assert ApiClient(token=newer).call("DELETE", "/auth/token").status == 204
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    run_pump()
    newest = renew_token(user.pk)
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    run_pump()
    assert [
        each.headers.get("authorization") for each in receiver.record.deliveries()
    ] == [f"Bearer {newer}", None, f"Bearer {newest}"]


@pytest.mark.django_db
def test_the_token_stays_until_the_last_delivery_has_ended(receiver, run_pump):
    make_webhook(receiver.url("/gone"), "USER_DELETED", auth_provider=None)
    slow = make_webhook(receiver.url("/slow"), auth_provider=None)
    user = create_user()
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    receiver.behave(status=500)
    run_pump()
    delete_user(user.pk)
    assert erase_spent_tokens() == 0
    receiver.behave(status=200)
    run_pump()
    assert erase_spent_tokens() == 0
    assert stored_token(user.pk) == user.token
    delete_webhook(slow.pk)
    assert erase_spent_tokens() == 1
    assert stored_token(user.pk) is None
    last = receiver.record.deliveries()[-1]
    assert last.target == "/gone"
    assert last.headers["authorization"] == f"Bearer {user.token}"


@pytest.mark.django_db
def test_a_living_users_token_is_not_erased():
    user = create_user()
    assert erase_spent_tokens() == 0
    assert stored_token(user.pk) == user.token


@pytest.mark.django_db
def test_a_temporary_user_that_is_deleted_was_never_told_of():
    make_webhook(URL, "USER_CREATED")
    make_webhook(URL, "USER_DELETED")
    user = create_user(permanent=False)
    reply = ApiClient(token=user.token).call("DELETE", "/users/me")
    assert reply.status == 200
    assert WebhookData.objects.get().state == CANCELLED
    assert stored_token(user.pk) is None
    assert not Event.objects.filter(name="USER_DELETED").exists()


@pytest.mark.django_db
def test_a_temporary_user_that_expires_takes_its_tokens_along(settings):
    user = create_user(permanent=False)
    code_for(user.pk)
    ApiClient(token=user.token).call("POST", "/users/me/config", {"a": "b"})
    EndUser.objects.update(expires_at=timezone.now())
    assert drop_expired_users() == 1
    assert not ApiToken.objects.filter(revoked_at__isnull=True).exists()
    assert not TemporaryCode.objects.exists()
    assert not UserConfig.objects.exists()
    assert stored_token(user.pk) is None


@pytest.mark.django_db
def test_users_are_listed_in_pages():
    users = [create_user(), create_user(permanent=False), create_user()]
    delete_user(users[2].pk)
    api = make_client(Scope.USERS)
    reply = api.call("GET", "/users")
    assert [each["id"] for each in reply.body["users"]] == [users[0].pk, users[1].pk]
    assert [each["type"] for each in reply.body["users"]] == ["permanent", "temporary"]
    assert reply.body["total"] == 2
    assert reply.body["users"][0].keys() == {
        "id", "signin", "type", "expires", "deleted", "erased"
    }  # fmt: skip
    page = api.call("GET", "/users?all&limit=1&offset=2").body
    assert (page["total"], page["users"][0]["id"]) == (3, users[2].pk)
    assert page["users"][0]["deleted"].endswith("Z")
    for query in ("limit=1001", "offset=-1", "token=x", "limit=1&limit=2"):
        assert api.call("GET", f"/users?{query}").code == "invalidValue"


@pytest.mark.django_db
def test_a_users_configuration_is_text_by_key():
    user = create_user()
    api = ApiClient(token=user.token)
    given = {"b": "é", "a": True, "n": 1.5, "empty": ""}
    reply = api.call("POST", "/users/me/config", given)
    assert reply.body == {"a": "1", "b": "é", "empty": "", "n": "1.5"}
    api.call("PUT", f"/users/{user.pk}/config", b"b=null&a=x", FORM)
    assert api.call("GET", "/users/me/config").body == {
        "a": "x", "empty": "", "n": "1.5"
    }  # fmt: skip
    assert api.call("POST", "/users/me/config", {}).code == "missingParameter"
    delete_user(user.pk)
    assert not UserConfig.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [{"": "x"}, {"k" * 101: "x"}, {"a\nb": "x"}, {"a": []}, {"a": {}},
     {"a": "x" * 10_001}, {"a": "\x00"}, {f"key {n}": "x" for n in range(KEYS + 1)}],
)  # fmt: skip
def test_a_configuration_that_is_not_allowed_changes_nothing(bad):
    api = ApiClient(token=create_user().token)
    reply = api.call("POST", "/users/me/config", {"fine": "x"} | bad)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert not UserConfig.objects.exists()


INIT, RENEW = "/auth/init", "/auth/renew"
TOKEN, ACCESS = "/auth/token", "/auth/token/access"
GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("path", "given", "status", "code"),
    [
        (INIT, {"client_secret": None}, 400, "missingParameter"),
        (INIT, {"client_id": None}, 400, "missingParameter"),
        (INIT, {"client_id": "1"}, 401, "unauthorized"),
        (INIT, {"client_id": "100000000000000"}, 401, "unauthorized"),
        (INIT, {"client_id": 1}, 401, "unauthorized"),
        (INIT, {"client_id": True}, 400, "invalidValue"),
        (INIT, {"client_id": ["x"]}, 400, "invalidValue"),
        (INIT, {"client_id": "9" * 5000}, 401, "unauthorized"),
        (INIT, {"client_secret": "wrong"}, 401, "unauthorized"),
        (INIT, {"client_secret": 5}, 400, "invalidValue"),
        (INIT, {"surprise": 1}, 400, "invalidValue"),
        (RENEW, {}, 400, "missingParameter"),
        (RENEW, GRANT, 400, "missingParameter"),
        (RENEW, GRANT | {"id_user": 999_999}, 404, "notFound"),
        (RENEW, GRANT | {"id_user": 0}, 400, "invalidValue"),
        (RENEW, GRANT | {"id_user": True}, 400, "invalidValue"),
        (RENEW, GRANT | {"id_user": "me"}, 400, "invalidValue"),
        (RENEW, GRANT | {"id_user": 2**63}, 400, "invalidValue"),
        (RENEW, GRANT | {"id_user": 1, "revoke_previous": 1}, 400, "invalidValue"),
        (RENEW, GRANT | {"id_user": 1, "surprise": 1}, 400, "invalidValue"),
        (RENEW, {"grant_type": "password", "id_user": 1}, 400, "invalidValue"),
        (TOKEN, {"scope": "payments:admin"}, 400, "missingParameter"),
        (TOKEN, GRANT, 400, "missingParameter"),
        (TOKEN, GRANT | {"scope": ""}, 400, "invalidValue"),
        (TOKEN, GRANT | {"scope": "config"}, 400, "invalidValue"),
        (TOKEN, GRANT | {"scope": "payments:admin users"}, 400, "invalidValue"),
        (TOKEN, GRANT | {"scope": "payments:admin", "x": 1}, 400, "invalidValue"),
        (ACCESS, {}, 400, "missingParameter"),
        (ACCESS, {"code": "x"}, 400, "invalidValue"),
        (ACCESS, {"code": 1}, 400, "invalidValue"),
        (ACCESS, {"code": "x", "grant_type": "password"}, 400, "invalidValue"),
        (ACCESS, {"code": "x", "redirect_uri": "x"}, 400, "invalidValue"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_happens(
    credentials, path, given, status, code
):
    reply = ApiClient().call("POST", path, credentials | given)
    assert (reply.status, reply.code) == (status, code)
    assert not EndUser.objects.exists()
    assert not ApiToken.objects.exists()


def test_an_unknown_client_and_a_wrong_secret_are_answered_alike(credentials):
    wrong = ApiClient().call("POST", INIT, credentials | {"client_secret": "wrong"})
    unknown = ApiClient().call("POST", INIT, credentials | {"client_id": "1" * 15})
    for reply in (wrong, unknown):
        reply.body.pop("request_id")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)
    for reply in (wrong, unknown):
        # As every 401 has it (RFC 9110, 11.6.1).
        assert reply.headers["WWW-Authenticate"] == 'Bearer realm="API"'


def test_a_service_token_has_the_scopes_asked_for(credentials):
    asked = GRANT | credentials | {"scope": "payments:validate payments:read-only"}
    reply = ApiClient().call("POST", TOKEN, asked)
    assert reply.status == 200
    assert reply.body["scope"] == "payments:read-only payments:validate"
    assert reply.body["token"].startswith("bks_")


def test_a_revoked_client_is_one_no_more(credentials):
    client = find_client(**{
        "client_id": credentials["client_id"], "secret": credentials["client_secret"]
    })  # fmt: skip
    assert client is not None
    post(TOKEN, scope="payments:admin", **GRANT, **credentials)
    revoke_client(client)
    assert ApiClient().call("POST", INIT, credentials).status == 401
    assert not ApiToken.objects.filter(revoked_at__isnull=True).exists()


@pytest.mark.django_db
def test_the_command_prints_credentials_that_work():
    output = StringIO()
    call_command("create_client", "shop", stdout=output)
    printed = dict(line.split("=") for line in output.getvalue().split())
    assert post(INIT, **printed)["type"] == "permanent"
    for name in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(CommandError):
            call_command("create_client", name)
    assert str(Client.objects.get()) == f"shop ({printed['client_id']})"


@pytest.mark.django_db
def test_the_command_issues_tokens_for_users_but_not_of_users():
    output = StringIO()
    call_command("create_token", "ops", "--scope", "users", stdout=output)
    api = ApiClient(token=output.getvalue().strip())
    assert api.call("GET", "/users").status == 200
    with pytest.raises(CommandError):
        call_command("create_token", "ops", "--scope", "user")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scopes", "user"), [("user", None), ("config", 1), ("payments:admin", 1)]
)
def test_the_database_knows_which_tokens_have_a_user(scopes, user):
    with pytest.raises(IntegrityError, match="apitoken_of_user_has_user"):
        ApiToken.objects.create(name="x", sha256=b"x", scopes=scopes, user=user)


@pytest.mark.django_db
def test_tokens_that_are_over_are_removed_after_a_day():
    user = create_user()
    operators, _ = issue("ops", [Scope.CONFIG], timezone.now() - timedelta(days=9))
    issue("user", [USER_SCOPE], timezone.now() - timedelta(hours=25), user=user.pk)
    issue("user", [USER_SCOPE], timezone.now() - timedelta(hours=23), user=user.pk)
    purge_tokens()
    kept = ApiToken.objects.order_by("pk")
    assert kept.count() == 3
    assert operators in kept
    assert kept.filter(sha256=token_hash(str(user.token))).exists()


def test_no_secret_is_in_the_database_in_clear(credentials):
    user = create_user(permanent=False)
    secrets = [
        user.token,
        credentials["client_secret"],
        post("/auth/token/code", user.token)["code"],
        exchange_code(code_for(user.pk)[0]),
        post(TOKEN, scope="payments:admin", **GRANT, **credentials)["token"],
        make_client(Scope.USERS).token,
        renew_token(user.pk),
    ]
    stored = everything_stored()
    # The oracle sees what is there.
    assert credentials["client_id"] in stored
    for secret in secrets:
        assert secret is not None
        assert secret not in stored
        assert secret[10:] not in stored


def exchange(code: str, _: int) -> str:
    """What one of several threads does."""
    return exchange_code(code)


def everything_stored() -> str:
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def stored_token(user: int) -> str | None:
    """The token that deliveries would carry."""
    return EndUser.objects.values_list("token", flat=True).get(pk=user)
