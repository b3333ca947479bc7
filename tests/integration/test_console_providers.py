"""Auth providers in the console: shown once, rotated, tried out, deleted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.webhooks.models import Webhook
from tests.make import SECRET, make_provider, make_webhook
from tests.tls import make_certificate
from tests.token_server import TokenServer, failure, token

pytestmark = pytest.mark.django_db
OAUTH = {
    "name": "bank",
    "url": "https://auth.example.com/token",
    "client_id": "the client",
    "client_secret": "s3cret & more",
}


def client_of(*codenames: str) -> Client:
    user = User.objects.create(username="somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client() -> Client:
    return client_of(
        *(f"{verb}_authprovider" for verb in ("view", "add", "change", "delete")),
        "test_webhook",
    )


def post(client: Client, page: str, /, *arguments: int, query: str = "", **fields):
    url = reverse(f"admin:{page}", args=arguments) + query
    return client.post(url, fields, secure=True)


def get(client: Client, name: str, *arguments: int) -> str:
    reply = client.get(reverse(f"admin:{name}", args=arguments), secure=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_secret_is_shown_once_and_kept_by_nobody(client):
    made = post(client, "provider_add", name="mine", send_user_token="on")

    provider = AuthProvider.objects.get()
    secret = provider.settings["secret_key"]
    assert secret in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    assert provider.settings["send_user_token"] is True
    assert secret not in json.dumps(dict(client.session))
    for page in ("provider", "provider_edit", "provider_rotate", "provider_delete"):
        assert secret not in get(client, page, provider.pk)
    assert secret not in get(client, "providers")
    # Sent again, as a page that is reloaded is: one provider, and no other secret.
    again = post(client, "provider_add", name="mine")
    assert again.status_code == 422
    assert AuthProvider.objects.get().settings["secret_key"] == secret


def test_an_oauth_provider_is_made_and_changed_but_its_secrets_not_shown(client):
    certificate, key, _ = (pem.decode() for pem in make_certificate("127.0.0.9"))
    pair = {"public_cert": certificate, "private_cert": key}
    reply = post(client, "provider_add", query="?type=oauth", **OAUTH, **pair)

    provider = AuthProvider.objects.get()
    assert reply.headers["Location"] == reverse("admin:provider", args=[provider.pk])
    told = get(client, "provider", provider.pk)
    # It lasts for 30 days, which is when one is warned.
    assert "The client certificate expires soon" in told
    assert OAUTH["url"] in told
    change = get(client, "provider_edit", provider.pk)
    for page in (told, change):
        assert OAUTH["client_secret"] not in page
        assert "BEGIN PRIVATE KEY" not in page
    changed = OAUTH | {"client_secret": "", "client_id": "another"}
    post(client, "provider_edit", provider.pk, **changed)
    provider.refresh_from_db()
    assert provider.settings["client_id"] == "another"
    assert provider.settings["client_secret"] == OAUTH["client_secret"]
    assert provider.settings["private_cert"].strip() == key.strip()
    post(client, "provider_edit", provider.pk, **changed, without_certificate="on")
    provider.refresh_from_db()
    assert "public_cert" not in provider.settings


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"url": "http://auth.example.com/"}, "url", "must begin with https://."),
        ({"url": "https://10.0.0.1/"}, "url", "may not be called"),
        ({"name": "17"}, "name", "neither a number nor null"),
        ({"client_secret": ""}, "client_secret", "This field is required"),
        ({"public_cert": "x"}, "public_cert", "go together"),
        ({"public_cert": "x", "private_cert": "s3cret"}, "public_cert", "in PEM"),
    ],
)
def test_what_the_api_refuses_is_said_at_the_field(client, changes, field, sentence):
    reply = post(client, "provider_add", query="?type=oauth", **(OAUTH | changes))
    assert reply.status_code == 422
    assert any(sentence in error for error in reply.context["form"].errors[field])
    assert "s3cret" not in reply.content.decode()
    assert not AuthProvider.objects.exists()


def test_a_rotation_starts_when_one_says_and_happens_once(client):
    provider = make_provider()
    seal = client.get(
        reverse("admin:provider_rotate", args=[provider.pk]), secure=True
    ).context["form"]["seal"]
    fields = {"seal": seal.value(), "when": "day"}
    reply = post(client, "provider_rotate", provider.pk, **fields)

    provider.refresh_from_db()
    config = provider.settings
    assert config["secret_key"] == SECRET
    assert config["next_secret_key"] in reply.content.decode()
    assert "no-store" in reply.headers["Cache-Control"]
    due = datetime.fromisoformat(config["next_from"])
    assert timedelta(hours=23) < due - timezone.now() < timedelta(hours=25)
    assert "Rotation is due" in get(client, "providers")
    assert "receivers have to accept either" in get(client, "provider", provider.pk)
    again = post(client, "provider_rotate", provider.pk, **fields)
    assert "rotated meanwhile" in again.content.decode()
    provider.refresh_from_db()
    assert provider.settings == config


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("", "Give the instant."),
        ("2001-01-01T00:00", "This instant is past."),
        ("2999-01-01T00:00", "at is more than a year away."),
    ],
)
def test_a_rotation_at_an_impossible_instant_is_refused(client, at, sentence):
    provider = make_provider()
    url = reverse("admin:provider_rotate", args=[provider.pk])
    seal = client.get(url, secure=True).context["form"]["seal"].value()
    reply = post(client, "provider_rotate", provider.pk, seal=seal, when="at", at=at)
    assert sentence in reply.content.decode()
    provider.refresh_from_db()
    assert provider.settings == {"secret_key": SECRET}


def test_a_provider_in_use_is_not_deleted(client):
    provider = make_provider()
    webhook = make_webhook("https://example.org/", auth_provider=provider)
    asked = get(client, "provider_delete", provider.pk)
    assert "1 webhook is authenticated by" in asked
    assert "button-danger" not in asked
    post(client, "provider_delete", provider.pk)
    assert AuthProvider.objects.filter(pk=provider.pk).exists()
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=timezone.now())
    reply = post(client, "provider_delete", provider.pk)
    assert reply.headers["Location"] == reverse("admin:providers")
    assert not AuthProvider.objects.filter(pk=provider.pk).exists()
    missing = client.get(reverse("admin:provider", args=[provider.pk]), secure=True)
    assert missing.status_code == 404


def test_trying_a_token_server_shows_all_but_the_token(client, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    with TokenServer() as server:
        server.answer = lambda form, number: token(
            "very-secret", expires_in=3600, refresh_token="also-secret"
        )
        provider = server.provider()
        before = OAuthToken.objects.values().get()
        page = post(client, "provider_try", provider.pk).content.decode()
        assert "A token was given" in page
        assert "3,600 s" in page
        assert "Bearer" in page
        assert "-secret" not in page
        assert server.forms[0]["client_secret"] == server.config["client_secret"]
        server.answer = lambda form, number: failure(401, error="invalid_client")
        page = post(client, "provider_try", provider.pk).content.decode()
        assert "does not know the client" in page
    assert OAuthToken.objects.values().get() == before
    page = post(client, "provider_try", provider.pk).content.decode()
    assert "does not take connections" in page


def test_tests_are_counted(client, settings):
    settings.WEBHOOKS_TESTS_PER_TOKEN = 1
    with TokenServer() as server:
        provider = server.provider()
        post(client, "provider_try", provider.pk)
        page = post(client, "provider_try", provider.pk).content.decode()
        assert "That were many tests" in page


def test_a_provider_that_does_not_open_is_shown_as_one(client):
    provider = make_provider()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE auth_providers_authprovider SET config = 'gone' WHERE id = %s",
            [provider.pk],
        )
    assert "Does not open" in get(client, "providers")


@pytest.mark.parametrize(
    ("page", "permission"),
    [
        ("provider_edit", "change_authprovider"),
        ("provider_rotate", "change_authprovider"),
        ("provider_delete", "delete_authprovider"),
        ("provider_try", "test_webhook"),
    ],
)
def test_each_page_has_a_permission_of_its_own(page, permission):
    provider = make_provider()
    viewer = client_of("view_authprovider")
    url = reverse(f"admin:{page}", args=[provider.pk])
    for reply in (viewer.get(url, secure=True), viewer.post(url, secure=True)):
        assert reply.status_code == 403
    assert url not in get(viewer, "provider", provider.pk)
    user = User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename=permission))
    assert viewer.get(url, secure=True).status_code == 200
