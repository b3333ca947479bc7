"""`/webhooks/auth`: providers, and a secret that is shown once."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.api_tokens.models import Scope
from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.webhooks.models import Webhook
from tests.integration.api_client import URL, ApiClient, make_client, nothing_written
from tests.tls import make_certificate

pytestmark = pytest.mark.django_db
HMAC = {"type": "hmac_signature", "name": "mine"}


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


@pytest.mark.parametrize("root", ["", "/2.0"])
def test_the_secret_is_shown_once(api, root):
    created = api.call("POST", f"{root}/webhooks/auth", HMAC)

    provider = AuthProvider.objects.get()
    secret = provider.settings["secret_key"]
    public = {"id": provider.pk, "type": "hmac_signature", "name": "mine"}
    assert created.status == 200
    assert created.body == public | {"config": {"secret_key": secret}}
    assert len(base64.urlsafe_b64decode(secret + "=")) >= 32
    listed = api.call("GET", f"{root}/webhooks/auth?limit=1000")
    assert listed.body == {"authproviders": [public], "total": 1}
    assert api.call("GET", f"{root}/webhooks/auth/{provider.pk}").body == public


def test_two_providers_have_two_secrets(api):
    one = api.call("POST", "/webhooks/auth", HMAC)
    other = api.call("POST", "/webhooks/auth", HMAC | {"name": "yours"})
    assert one.body["config"] != other.body["config"]


def test_a_provider_may_send_the_users_token_too(api):
    api.call("POST", "/webhooks/auth", HMAC | {"config": {"send_user_token": True}})
    assert AuthProvider.objects.get().settings["send_user_token"] is True


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_update_keeps_the_secret(api, method):
    created = api.call("POST", "/webhooks/auth", HMAC)
    route = f"/webhooks/auth/{created.body['id']}"
    change = {"name": "a-name-of-thirty-nine-characters-length", "config": {}}

    renamed = api.call(method, route, HMAC | change)
    told = api.call(method, route, HMAC | {"config": {"send_user_token": True}})

    provider = AuthProvider.objects.get()
    assert renamed.body == {"id": provider.pk, "type": HMAC["type"]} | {
        "name": change["name"]
    }
    assert told.body["name"] == provider.name == "mine"
    assert provider.settings == created.body["config"] | {"send_user_token": True}


def test_a_name_is_unique(api):
    api.call("POST", "/webhooks/auth", HMAC)
    other = api.call("POST", "/webhooks/auth", HMAC | {"name": "yours"})
    with nothing_written():
        again = api.call("POST", "/webhooks/auth", HMAC | {"name": " mine "})
        renamed = api.call("PUT", f"/webhooks/auth/{other.body['id']}", HMAC)
    assert (again.status, again.code) == (409, "conflict")
    assert (renamed.status, renamed.code) == (409, "conflict")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": None}, "missingParameter"),
        ({"name": None}, "missingParameter"),
        ({"type": "oauth", "config": {"nothing": 1}}, "invalidValue"),
        ({"type": "token"}, "invalidValue"),
        ({"type": 1}, "invalidValue"),
        ({"type": ["hmac_signature"]}, "invalidValue"),
        ({"name": ""}, "invalidValue"),
        ({"name": "  "}, "invalidValue"),
        ({"name": "x" * 101}, "invalidValue"),
        ({"name": "a\nb"}, "invalidValue"),
        ({"name": 12}, "invalidValue"),
        ({"name": "12"}, "invalidValue"),
        ({"name": "null"}, "invalidValue"),
        ({"name": ["x"]}, "invalidValue"),
        ({"config": []}, "invalidValue"),
        ({"config": "x"}, "invalidValue"),
        ({"config": {"secret_key": "mine"}}, "invalidValue"),
        ({"config": {"send_user_token": "true"}}, "invalidValue"),
        ({"config": {"send_user_token": 1}}, "invalidValue"),
        ({"nothing": 1}, "invalidValue"),
        ({"id": 1}, "invalidValue"),
    ],
)
def test_a_bad_provider_is_refused(api, change, code):
    created = api.call("POST", "/webhooks/auth", HMAC | {"name": "there"})
    before = AuthProvider.objects.values().get()
    with nothing_written():
        new = api.call("POST", "/webhooks/auth", HMAC | change)
        changed = api.call("PUT", f"/webhooks/auth/{created.body['id']}", HMAC | change)
    assert (new.status, new.code) == (400, code)
    assert (changed.status, changed.code) == (400, code)
    assert AuthProvider.objects.values().get() == before


def test_a_provider_is_deleted(api):
    created = api.call("POST", "/webhooks/auth", HMAC)
    route = f"/webhooks/auth/{created.body['id']}"
    assert api.call("DELETE", route).status == 200
    assert api.call("GET", "/webhooks/auth").body == {"authproviders": [], "total": 0}
    assert api.call("DELETE", route).status == 404


@pytest.mark.parametrize("everything", [True, False])
def test_a_provider_in_use_is_not_deleted(api, everything):
    used = api.call("POST", "/webhooks/auth", HMAC).body["id"]
    api.call("POST", "/webhooks/auth", HMAC | {"name": "free"})
    webhook = Webhook.objects.create(
        event="USER_SYNCED", url=URL, auth_provider_id=used
    )
    route = "/webhooks/auth" if everything else f"/webhooks/auth/{used}"

    with nothing_written():
        refused = api.call("DELETE", route)
    api.call("DELETE", f"/webhooks/{webhook.pk}")
    deleted = api.call("DELETE", route)

    assert (refused.status, refused.code) == (409, "conflict")
    assert "mine" in refused.body["message"]
    assert deleted.status == 200
    assert AuthProvider.objects.count() == (0 if everything else 1)
    assert api.call("GET", f"/webhooks/{webhook.pk}").body["id_auth"] is None


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("id_auth", ["0", "404", str(2**63), "9" * 400])
def test_a_provider_that_is_not_there_is_a_404(api, method, id_auth):
    body = HMAC if method in ("PUT", "POST") else b""
    reply = api.call(method, f"/webhooks/auth/{id_auth}", body)
    assert (reply.status, reply.code) == (404, "notFound")


OAUTH: dict[str, Any] = {
    "type": "oauth",
    "name": "theirs",
    "config": {
        "url": "https://login.example.com/token",
        "client_id": "the client",
        "client_secret": "s3cret",
        "grant_type": "client_credentials",
    },
}
NO_TOKEN_YET = {
    "state": "ok",
    "refreshed": None,
    "expires": None,
    "failures": 0,
    "error": None,
    "next_try": None,
}


def test_an_oauth_provider_never_echoes_its_configuration(api):
    certificate, key, _ = (part.decode() for part in make_certificate("127.0.0.1"))
    pair = {"public_cert": certificate, "private_cert": key}
    body = OAUTH | {"config": OAUTH["config"] | pair}
    created = api.call("POST", "/webhooks/auth", body)
    public = {"id": created.body["id"], "type": "oauth", "name": "theirs"}
    route = f"/webhooks/auth/{public['id']}"
    replies = [
        created,
        api.call("PUT", route, body),
        api.call("GET", "/webhooks/auth"),
        api.call("GET", route),
        api.call("DELETE", route),
    ]
    assert [reply.status for reply in replies] == [200] * 5
    assert created.body == replies[1].body == replies[4].body == public
    assert replies[2].body["authproviders"] == [public]
    assert replies[3].body["token"] == NO_TOKEN_YET
    assert replies[3].body["warning"]["code"] == "certificate_expiry"
    for reply in replies:
        assert "s3cret" not in str(reply.body)
        assert "CERTIFICATE" not in str(reply.body)
        assert "PRIVATE KEY" not in str(reply.body)


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({}, "missingParameter"),
        (OAUTH["config"] | {"url": "http://login.example.com/"}, "invalidValue"),
        (OAUTH["config"] | {"url": "https://127.0.0.1/"}, "invalidValue"),
        (OAUTH["config"] | {"public_cert": "x"}, "invalidValue"),
        (OAUTH["config"] | {"public_cert": "x", "private_cert": "y"}, "invalidValue"),
    ],
)
def test_a_bad_oauth_provider_is_refused(api, config, code):
    with nothing_written():
        reply = api.call("POST", "/webhooks/auth", OAUTH | {"config": config})
    assert (reply.status, reply.code) == (400, code)


def test_what_a_token_server_last_did_is_told(api):
    provider = api.call("POST", "/webhooks/auth", OAUTH).body["id"]
    OAuthToken.objects.filter(provider=provider).update(
        state="failing", failures=3, last_error="invalid_client", access_token="t0k3n"
    )
    reply = api.call("GET", f"/webhooks/auth/{provider}")
    told = {"state": "failing", "failures": 3, "error": "invalid_client"}
    assert reply.body["token"] == NO_TOKEN_YET | told
    assert reply.body["warning"] is None
    assert "t0k3n" not in str(reply.body)


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("query", ["?force=true", "?force=1"])
def test_a_provider_in_use_is_deleted_by_force(api, everything, query):
    used = api.call("POST", "/webhooks/auth", HMAC).body["id"]
    webhook = Webhook.objects.create(
        event="USER_SYNCED", url=URL, auth_provider_id=used
    )
    route = "/webhooks/auth" if everything else f"/webhooks/auth/{used}"
    for refused in ("", "?force=false", "?force=0"):
        assert api.call("DELETE", route + refused).status == 409
    assert api.call("DELETE", route + "?force=perhaps").status == 400
    assert api.call("DELETE", route + query).status == 200
    assert api.call("GET", f"/webhooks/{webhook.pk}").body["id_auth"] is None


def test_a_rotation_shows_the_new_secret_once(api):
    created = api.call("POST", "/webhooks/auth", HMAC)
    route = f"/webhooks/auth/{created.body['id']}"
    before = datetime.now(UTC)
    rotated = api.call("POST", f"{route}/rotate")
    secret = AuthProvider.objects.get().settings["secret_key"]
    assert rotated.status == 200
    assert rotated.body["config"] == {"secret_key": secret} != created.body["config"]
    assert datetime.fromisoformat(rotated.body["in_force"]) >= before.replace(
        microsecond=0
    )
    assert secret not in str(api.call("GET", route).body)


def test_a_rotation_takes_effect_at_the_chosen_time(api):
    created = api.call("POST", "/webhooks/auth", HMAC)
    route = f"/webhooks/auth/{created.body['id']}"
    day = datetime.now(UTC) + timedelta(days=3)
    rotated = api.call("POST", f"{route}/rotate", {"at": day.isoformat()})
    assert rotated.body["in_force"][:19] == day.isoformat()[:19]
    config = AuthProvider.objects.get().settings
    assert config["secret_key"] == created.body["config"]["secret_key"]
    assert config["next_secret_key"] == rotated.body["config"]["secret_key"]


@pytest.mark.parametrize(
    "at", ["soon", 5, "", "2999-01-01", "9999-12-31T23:59:59-23:00", ["x"]]
)
def test_a_rotation_at_no_time_is_refused(api, at):
    created = api.call("POST", "/webhooks/auth", HMAC)
    route = f"/webhooks/auth/{created.body['id']}/rotate"
    reply = api.call("POST", route, {"at": at})
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert AuthProvider.objects.get().settings == created.body["config"]


def test_only_a_secret_of_ours_is_rotated(api):
    provider = api.call("POST", "/webhooks/auth", OAUTH).body["id"]
    assert api.call("POST", f"/webhooks/auth/{provider}/rotate").status == 409
    assert api.call("POST", "/webhooks/auth/404/rotate").status == 404
    assert api.call("GET", f"/webhooks/auth/{provider}/rotate").status == 405
    assert ApiClient().call("POST", f"/webhooks/auth/{provider}/rotate").status == 401
