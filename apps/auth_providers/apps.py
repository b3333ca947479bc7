"""How a delivery proves who sent it."""

from __future__ import annotations

from django.apps import AppConfig


class AuthProvidersConfig(AppConfig):
    """User token, HMAC signature, OAuth 2.0."""

    name = "apps.auth_providers"
    label = "auth_providers"
    verbose_name = "Auth providers"
