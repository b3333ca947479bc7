"""How a delivery proves who sent it."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.module_loading import import_string


class AuthProvidersConfig(AppConfig):
    """User token, HMAC signature, OAuth 2.0."""

    name = "apps.auth_providers"
    label = "auth_providers"
    verbose_name = "Auth providers"

    def ready(self) -> None:
        """Register the check by name: it uses the models, which were not there yet."""
        check = import_string("apps.auth_providers.checks.client_certificates_last")
        register(check, Tags.database)
