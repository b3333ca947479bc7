"""Bankhooks within another Django project: its apps, and its settings.

The other project's settings take both, and `emit` then writes in that project's
transactions. The service's own processes, started as ever, do the rest on the same
database.
"""

from __future__ import annotations

from typing import Any, Final

from webhooks_project import settings

APPS: Final = [
    "apps.audit",
    "apps.encryption",
    "apps.receiver",
    "apps.tracing",
    "apps.api_tokens",
    "apps.configuration",
    "apps.event_log",
    "apps.connections",
    "apps.auth_providers",
    "apps.operators",
    "apps.webhooks",
]
"""For INSTALLED_APPS, after `django.contrib.admin`, whose pages remain as they are."""

PREFIXES: Final = ("WEBHOOKS_", "CELERY_", "REDIS_", "OTEL_", "PROMETHEUS_")
ALONE: Final = ("HTTPS_ONLY", "LOG_OUTCOMES", "PAYLOAD_ZONE")


def bankhooks_settings() -> dict[str, Any]:
    """What the apps read from Django's settings, out of the same environment."""
    return {
        name: value
        for name, value in vars(settings).items()
        if name.startswith(PREFIXES) or name in ALONE
    }
