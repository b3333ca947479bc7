"""System checks on what is stored: `manage.py check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections
from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.oauth_config import certificate_warning


def client_certificates_last(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """A certificate that expires stops the deliveries of its webhooks."""
    now = timezone.now()
    warnings = [
        certificate_warning(provider, now)
        for database in databases or ()
        if _has_providers(database)
        for provider in AuthProvider.objects.using(database).filter(
            type=AuthProvider.Type.OAUTH
        )
    ]
    return [
        Warning(
            sentence,
            hint="PUT another pair to /webhooks/auth/ID.",
            id="auth_providers.W001",
        )
        for sentence in warnings
        if sentence is not None
    ]


def _has_providers(database: str) -> bool:
    """`migrate` checks before it has made the table."""
    connection = connections[database]
    return AuthProvider._meta.db_table in connection.introspection.table_names()
