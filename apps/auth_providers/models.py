"""Auth providers: a named way to authenticate deliveries, shared by webhooks."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.encryption.fields import EncryptedTextField

SECRET_BYTES = 32


class AuthProvider(models.Model):
    """One provider; its whole configuration is sealed, being mostly secrets.

    `config` holds a JSON object: for `hmac_signature` `secret_key` and
    `send_user_token`, with `next_secret_key` and `next_from` while a rotation is
    due; for `oauth` the token endpoint and the client's credentials (contract,
    sections 5.2 and 5.3). The database adds the `OAuthToken` row of the latter.
    """

    class Type(models.TextChoices):
        """The types of contract section 2.2."""

        HMAC_SIGNATURE = "hmac_signature", _("HMAC signature")
        OAUTH = "oauth", "OAuth 2.0"

    type = models.CharField(max_length=16, choices=Type)
    name = models.CharField(max_length=100, unique=True)
    config = EncryptedTextField(default="{}")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "auth provider"
        constraints = [
            models.CheckConstraint(
                name="authprovider_known_type",
                condition=models.Q(type__in=["hmac_signature", "oauth"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration, opened."""
        config: dict[str, Any] = json.loads(self.config)
        return config


class OAuthToken(models.Model):
    """The access token of one `oauth` provider, shared by all of its webhooks.

    Whoever set `claim` last, and in time, renews it; `serial` grows with each token.
    Instants are the database's. `stale_at`: a receiver refused this token, for which
    `forced_at` remembers the last renewal. `reset_at`: there has been no token since,
    for the provider was new or its configuration changed. `asked_until`: somebody
    has posted the message that gets it renewed.
    """

    class State(models.TextChoices):
        """How the token server was, when last asked."""

        OK = "ok", "ok"
        FAILING = "failing", "failing"

    provider = models.OneToOneField(
        AuthProvider, primary_key=True, on_delete=models.CASCADE, related_name="token"
    )
    access_token = EncryptedTextField(null=True)
    refresh_token = EncryptedTextField(null=True)
    serial = models.BigIntegerField(db_default=0)
    state = models.CharField(max_length=8, choices=State, db_default=State.OK)
    refreshed_at = models.DateTimeField(null=True)
    renew_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    stale_at = models.DateTimeField(null=True)
    forced_at = models.DateTimeField(null=True)
    reset_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=32, db_default="")
    asked_until = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, db_default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "OAuth token"
        constraints = [
            models.CheckConstraint(
                name="oauthtoken_failing_has_failures",
                condition=models.Q(state="failing", failures__gt=0)
                | models.Q(state="ok", failures=0),
            ),
            models.CheckConstraint(
                name="oauthtoken_renewed_before_it_expires",
                condition=models.Q(expires_at__isnull=True)
                | models.Q(renew_at__lte=models.F("expires_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"token {self.serial} of provider {self.provider_id}"


def new_secret_key() -> str:
    """A secret for `hmac_signature`: 32 random bytes, as URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)
