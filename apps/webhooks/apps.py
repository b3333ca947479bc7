"""Registrations, webhook data, delivery attempts, and the engine that sends them."""

from __future__ import annotations

from django.apps import AppConfig

# The system checks register themselves when they are imported.
from apps.webhooks import checks as checks


class WebhooksConfig(AppConfig):
    """The top app."""

    name = "apps.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"
