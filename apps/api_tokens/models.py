"""API tokens: what the bearer may do, and until when."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from apps.api_tokens.tokens import (
    RANDOM_BYTES,
    SHOWN_CHARACTERS,
    token_hash,
    token_text,
)


class Scope(models.TextChoices):
    """What a token lets its bearer do (contract, section 2.4)."""

    CONFIG = "config", "configuration: webhooks, auth providers, settings"
    EMIT = "emit", "emission: POST /events"


class ApiToken(models.Model):
    """One token. Only its hash is here: the text is shown once, when it is issued.

    `scopes` are words with a blank between them, as in OAuth 2.0. `last_used_at` is
    within an hour of the truth, so that a busy token does not mean a write a call.
    """

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=SHOWN_CHARACTERS, editable=False)
    sha256 = models.BinaryField(max_length=32, unique=True)
    scopes = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                name="apitoken_has_known_scopes",
                condition=models.Q(scopes__regex=r"^(config|emit)( (config|emit))*$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"


def issue(
    name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again later."""
    text = token_text(secrets.token_bytes(RANDOM_BYTES))
    token = ApiToken.objects.create(
        name=name,
        prefix=text[:SHOWN_CHARACTERS],
        sha256=token_hash(text),
        scopes=" ".join(sorted(set(scopes))),
        expires_at=expires_at,
    )
    return token, text


def revoke(tokens: models.QuerySet[ApiToken]) -> int:
    """End tokens; each process forgets them within a second. How many were ended."""
    return tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
