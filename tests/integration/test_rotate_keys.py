"""Sealing anew: what an old key sealed is sealed by the newest one, all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from apps.audit.models import AuditEntry
from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.connections.models import Connection
from apps.encryption import resealing
from apps.encryption.keyring import new_key
from apps.encryption.resealing import columns
from apps.event_log.models import EndUser
from apps.operators.models import Authenticator
from tests.make import make_provider, make_user

pytestmark = pytest.mark.django_db
OLD, NEW, STRANGE = new_key("old"), new_key("new"), new_key("strange")


@pytest.fixture
def sealed(settings: Any) -> None:
    """One of each secret, by the old key, in a ring that has a newer one now."""
    settings.WEBHOOKS_ENCRYPTION_KEYS = [OLD]
    tokens = {"access_token": "a", "refresh_token": "b"}
    OAuthToken.objects.create(provider=make_provider(), **tokens)
    user = make_user(token="of the user")
    Connection.objects.create(user=user, id_connector=40, fields='{"login": "ada"}')
    Authenticator.objects.create(user=User.objects.create(username="ada"), key="c0de")
    settings.WEBHOOKS_ENCRYPTION_KEYS = [NEW, OLD]


def keys() -> dict[str, set[str]]:
    """The names of the keys by which each column is sealed."""
    found = {}
    with connection.cursor() as cursor:
        for each in columns():
            cursor.execute(f"SELECT {each.column} FROM {each.table}")
            found[each.name] = {text.partition(".")[0] for (text,) in cursor if text}
    return found


def rotate(capsys: Any, *options: str) -> dict[str, Any]:
    call_command("rotate_keys", "--format=json", *options)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_every_secret_is_sealed_anew_and_opens_without_the_old_key(
    sealed, settings, capsys, monkeypatch
):
    monkeypatch.setattr(resealing, "ROWS_AT_ONCE", 2)
    for number in range(4):
        make_user(token=f"number {number}")
    EndUser.objects.update(token="the same")
    settings.WEBHOOKS_ENCRYPTION_KEYS = [new_key("newer"), NEW, OLD]
    assert all(keys().values())
    assert rotate(capsys, "--dry-run")["left"]["event_log_enduser.token"] == 5
    assert "newer" not in set().union(*keys().values())
    told = rotate(capsys)
    assert told == {"key": "newer", "sealed": 10, "broken": 0, "left": {}}
    assert set().union(*keys().values()) == {"newer"}
    settings.WEBHOOKS_ENCRYPTION_KEYS = settings.WEBHOOKS_ENCRYPTION_KEYS[:1]
    assert set(EndUser.objects.values_list("token", flat=True)) == {"the same"}
    assert "secret_key" in AuthProvider.objects.get().settings
    assert OAuthToken.objects.get().refresh_token == "b"
    assert json.loads(Connection.objects.get().fields) == {"login": "ada"}
    assert Authenticator.objects.get().key == "c0de"
    entries = AuditEntry.objects.filter(action="keys.rotate").values_list("new")
    assert sum(sum(new.values()) for (new,) in entries) == 10
    assert rotate(capsys)["sealed"] == 0


def test_what_no_key_opens_is_left_and_told(sealed, settings, capsys):
    settings.WEBHOOKS_ENCRYPTION_KEYS = [STRANGE]
    make_user(token="nobody opens it")
    settings.WEBHOOKS_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_keys")
    assert ended.value.code == 1
    assert capsys.readouterr().out == (
        "6 secrets are sealed with new; 1 do not open; still sealed with older keys: "
        "1 of event_log_enduser.token.\n"
    )
    assert keys()["event_log_enduser.token"] == {"new", "strange"}
