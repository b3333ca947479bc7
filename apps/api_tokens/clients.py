"""Client credentials: issued to an application, checked in constant time."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from django.db import transaction
from django.utils import timezone

from apps.api_tokens.models import ApiToken, Client, new_secret, revoke
from apps.api_tokens.tokens import CLIENT_MARK, token_hash
from apps.audit.actions import Action
from apps.audit.trail import record

# Fifteen digits, for clients that send the id as a number: JavaScript reads it right.
_LEAST_ID: Final = 10**14
_IDS: Final = 9 * _LEAST_ID
_ID_DIGITS: Final = 15
_NOBODYS_HASH: Final = bytes(32)


def create_client(name: str) -> tuple[Client, str]:
    """A new client and its secret, which nobody can read again later."""
    secret = new_secret(CLIENT_MARK)
    with transaction.atomic():
        client = Client.objects.create(
            name=name,
            client_id=str(_LEAST_ID + secrets.randbelow(_IDS)),
            sha256=token_hash(secret),
        )
        record(Action.CLIENT_CREATE, client.pk, new={"client_id": client.client_id})
    return client, secret


def rotate_client(client: Client) -> str:
    """Another secret, which nobody can read again later; the former one ends now."""
    secret = new_secret(CLIENT_MARK)
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(sha256=token_hash(secret))
        record(Action.CLIENT_ROTATE, client.pk)
    return secret


def find_client(client_id: str, secret: str) -> Client | None:
    """Whose credentials these are; unknown ids and wrong secrets take as long."""
    live = Client.objects.filter(revoked_at__isnull=True)
    client = live.filter(client_id=client_id).first() if is_id(client_id) else None
    expected = _NOBODYS_HASH if client is None else bytes(client.sha256)
    is_right = hmac.compare_digest(token_hash(secret), expected)
    return client if is_right else None


def is_id(text: str) -> bool:
    """Could this be a client's id?"""
    return len(text) == _ID_DIGITS and text.isascii() and text.isdecimal()


def revoke_client(client: Client) -> None:
    """End a client, and the service tokens that it holds."""
    with transaction.atomic():
        Client.objects.filter(pk=client.pk, revoked_at__isnull=True).update(
            revoked_at=timezone.now()
        )
        number = revoke(ApiToken.objects.filter(client=client))
        record(Action.CLIENT_REVOKE, client.pk, new={"tokens_ended": number})
