"""The configuration app."""

from __future__ import annotations

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """What a domain's operators may change while the service runs."""

    name = "apps.configuration"
    verbose_name = "Configuration"
