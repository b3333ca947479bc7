"""Registrations, webhook data, delivery attempts, and the engine that sends them."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string

# The system checks register themselves when they are imported.
from apps.webhooks import celery_checks as celery_checks
from apps.webhooks import checks as checks

# By name, for their modules use the models, which are not there yet.
STATEMENTS = (
    "apps.webhooks.engine.leases.ACQUIRE",
    "apps.webhooks.engine.leases.RELEASE",
    "apps.webhooks.engine.leases.RENEW",
    "apps.webhooks.engine.settle.SETTLE",
    "apps.webhooks.engine.unsent.READ",
    "apps.webhooks.fan_out.EMIT",
    "apps.webhooks.fan_out.EXTRA",
    "apps.webhooks.fan_out.MEMBERS",
    "apps.webhooks.replay.results.RECORD",
)


class WebhooksConfig(AppConfig):
    """The top app."""

    name = "apps.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        """Have the statements installed whenever the tables have been migrated."""
        post_migrate.connect(install_statements, sender=self)


def install_statements(using: str, **_: Any) -> None:
    """Put the engine's statements into the database."""
    with connections[using].cursor() as cursor:
        for path in STATEMENTS:
            cursor.execute(import_string(path).definition)
