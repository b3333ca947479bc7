"""Bank connections, and the connectors that synchronise them."""

from __future__ import annotations

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Connections, accounts and subscriptions of end users."""

    name = "apps.connections"
    label = "connections"
    verbose_name = "Connections"
