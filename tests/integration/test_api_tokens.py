"""Issuing and revoking API tokens."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import timezone

from apps.api_tokens.clients import create_client, find_client
from apps.api_tokens.models import USER_SCOPE, ApiToken, Scope, issue, revoke
from apps.api_tokens.tokens import is_well_formed, token_hash
from tests.integration.api_client import ApiClient

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    """What `manage.py create_token` prints."""
    output = StringIO()
    call_command("create_token", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_prints_a_token_that_works():
    printed = create("ci", "--scope", "config", "--scope", "emit")
    token = ApiToken.objects.get()
    assert is_well_formed(printed.strip())
    assert (token.name, token.scopes, token.expires_at) == ("ci", "config emit", None)
    assert ApiClient(token=printed.strip()).call("GET", "/webhooks").status == 200


def test_a_token_without_a_scope_is_for_configuration():
    create("ci", "--expires-days", "3")
    token = ApiToken.objects.get()
    assert token.scopes == "config"
    assert token.expires_at is not None
    assert 2 <= (token.expires_at - timezone.now()).days <= 3


@pytest.mark.parametrize(
    "arguments",
    [(), ("",), (" ",), ("x" * 101,), ("a\nb",), ("ci", "--scope", "all"),
     ("ci", "--expires-days", "0"), ("ci", "--expires-days", "-1"),
     ("ci", "--expires-days", "99999999999"), ("ci", "--expires-days", "soon")],
)  # fmt: skip
def test_the_command_refuses_nonsense(arguments):
    with pytest.raises(CommandError):
        create(*arguments)
    assert not ApiToken.objects.exists()


def test_the_text_of_a_token_is_nowhere_in_the_database():
    token, text = issue("ci", [Scope.CONFIG])
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM api_tokens_apitoken t")
        (stored,) = cursor.fetchone()
    assert text not in stored
    assert text[10:] not in stored
    assert bytes(ApiToken.objects.get().sha256) == token_hash(text)
    assert str(token) == f"ci ({text[:10]}...)"


def test_the_database_takes_known_scopes_only():
    with pytest.raises(IntegrityError, match="apitoken_has_known_scopes"):
        ApiToken.objects.create(name="x", sha256=b"x", scopes="config root")


def test_a_revoked_token_stays_revoked():
    issue("ci", [Scope.CONFIG])
    assert revoke(ApiToken.objects.all()) == 1
    revoked_at = ApiToken.objects.get().revoked_at
    assert revoke(ApiToken.objects.all()) == 0
    assert ApiToken.objects.get().revoked_at == revoked_at


def test_the_console_revokes_clients_with_their_service_tokens():
    client, secret = create_client("shop")
    issue("shop", ["payments:admin"], client=client)
    issue("user 1", [USER_SCOPE], user=1)
    console = Client()
    console.force_login(User.objects.create_superuser("boss"))
    page = "/admin/api_tokens/client/"

    shown = console.get(f"{page}{client.pk}/change/", secure=True).content.decode()
    tokens = console.get("/admin/tokens/", secure=True).content.decode()
    console.post(
        page, {"action": "revoke_selected", "_selected_action": client.pk}, secure=True
    )

    assert client.client_id in shown
    assert bytes(client.sha256).hex() not in shown
    assert "user 1" not in tokens
    assert find_client(client.client_id, secret) is None
    living = ApiToken.objects.filter(revoked_at__isnull=True)
    assert [token.user for token in living] == [1]
