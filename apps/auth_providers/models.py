"""Auth providers: a named way to authenticate deliveries, shared by webhooks."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.db import models
from django.db.models.functions import Now

from apps.encryption.fields import EncryptedTextField

SECRET_BYTES = 32


class AuthProvider(models.Model):
    """One provider; its whole configuration is sealed, being mostly secrets.

    `config` holds a JSON object: for `hmac_signature` `secret_key` and
    `send_user_token`; for `oauth` the token endpoint and the client's credentials
    (contract, sections 5.2 and 5.3).
    """

    class Type(models.TextChoices):
        """The types of contract section 2.2."""

        HMAC_SIGNATURE = "hmac_signature", "HMAC signature"
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


def new_secret_key() -> str:
    """A secret for `hmac_signature`: 32 random bytes, as URL-safe text."""
    return secrets.token_urlsafe(SECRET_BYTES)
