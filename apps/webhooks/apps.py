"""Registrations, webhook data, delivery attempts, and the engine that sends them."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The top app."""

    name = "apps.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def _ready(self) -> None:
        """Register the system checks."""
        from apps.webhooks import checks  # noqa: F401
