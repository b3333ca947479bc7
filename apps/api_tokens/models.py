"""Tokens of the API's callers, client credentials and temporary codes.

Users are named by their number: who they are is known to apps above.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.api_tokens.tokens import (
    MARK,
    RANDOM_BYTES,
    SHOWN_CHARACTERS,
    token_hash,
    token_text,
)

# What a user's token lets its bearer do: see and change what is the user's.
USER_SCOPE: Final = "user"
# Of tokens and clients, as lists show them.
NAME_CHARACTERS: Final = 100


class Scope(models.TextChoices):
    """What an operator's token lets its bearer do (contract, section 2.4)."""

    CONFIG = "config", "configuration: webhooks, auth providers, settings"
    USERS = "users", "users: seeing and deleting them"
    EMIT = "emit", "emission: POST /events"


class ServiceScope(models.TextChoices):
    """What a client asks a service token for (contract, section 2.4)."""

    PAYMENTS_ADMIN = "payments:admin", "payments"
    PAYMENTS_READ_ONLY = "payments:read-only", "payments, to be seen"
    PAYMENTS_ALLOW_SENSITIVE = "payments:allow-sensitive", "payments, all of them"
    PAYMENTS_VALIDATE = "payments:validate", "payments, to be validated"
    PAYMENTS_CANCEL = "payments:cancel", "payments, to be cancelled"
    PAYMENT_LINKS_ADMIN = "payment-links:admin", "payment links"


class Client(models.Model):
    """An application with credentials; only the hash of its secret is here."""

    name = models.CharField(max_length=NAME_CHARACTERS)
    client_id = models.CharField(max_length=15, unique=True, editable=False)
    sha256 = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.client_id})"


class ApiToken(models.Model):
    """One token. Only its hash is here: the text is shown once, when it is issued.

    `scopes` are words with a blank between them, as in OAuth 2.0. `last_used_at` is
    within an hour of the truth, so that a busy token does not mean a write a call.
    `user` is the end user whose token it is, `client` the one that a service token
    was issued to. A user's token is permanent if it never expires.
    """

    name = models.CharField(max_length=NAME_CHARACTERS)
    prefix = models.CharField(max_length=SHOWN_CHARACTERS, editable=False)
    sha256 = models.BinaryField(max_length=32, unique=True)
    scopes = models.CharField(max_length=200)
    user = models.BigIntegerField(null=True, editable=False)
    client = models.ForeignKey(
        Client, null=True, editable=False, on_delete=models.CASCADE
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"
        indexes = [
            models.Index(
                name="apitoken_of_user",
                fields=["user"],
                condition=Q(user__isnull=False),
            ),
            models.Index(
                name="apitoken_expires",
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
            ),
            models.Index(
                name="apitoken_revoked",
                fields=["revoked_at"],
                condition=Q(revoked_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="apitoken_has_known_scopes",
                condition=Q(
                    scopes__regex=r"^((config|users|emit)( (config|users|emit))*|user|"
                    r"(payments:[a-z-]+|payment-links:admin)"
                    r"( (payments:[a-z-]+|payment-links:admin))*)$"
                ),
            ),
            models.CheckConstraint(
                name="apitoken_of_user_has_user",
                condition=Q(scopes="user", user__isnull=False)
                | (~Q(scopes="user") & Q(user__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"


class TemporaryCode(models.Model):
    """A code that a client may exchange, once, for a permanent token of a user.

    The row goes with the exchange: of two at the same moment one finds it.
    """

    sha256 = models.BinaryField(max_length=32, unique=True)
    user = models.BigIntegerField(db_index=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"code of user {self.user}"


class AttemptCount(models.Model):
    """How often somebody has tried since `began_at`: see `throttle`."""

    key = models.CharField(max_length=80, primary_key=True)
    began_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} by {self.key}"


def issue(
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    *,
    mark: str = MARK,
    user: int | None = None,
    client: Client | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again later."""
    text = new_secret(mark)
    token = ApiToken.objects.create(
        name=name,
        prefix=text[:SHOWN_CHARACTERS],
        sha256=token_hash(text),
        scopes=" ".join(sorted(set(scopes))),
        user=user,
        client=client,
        expires_at=expires_at,
    )
    return token, text


def revoke(tokens: models.QuerySet[ApiToken]) -> int:
    """End tokens; each process forgets them within a second. How many were ended."""
    return tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())


def revoke_all_of(users: Collection[int]) -> None:
    """End all tokens and codes of users."""
    revoke(ApiToken.objects.filter(user__in=users))
    TemporaryCode.objects.filter(user__in=users).delete()


def forget_tokens_of(users: Collection[int]) -> None:
    """Likewise, and nothing says that there were any."""
    ApiToken.objects.filter(user__in=users).delete()
    TemporaryCode.objects.filter(user__in=users).delete()


def new_secret(mark: str) -> str:
    """A new text of the kind that begins with `mark`."""
    return token_text(secrets.token_bytes(RANDOM_BYTES), mark)
