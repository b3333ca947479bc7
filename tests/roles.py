"""The console's roles, which a test that truncates the tables takes away."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps

MIGRATIONS = ("apps.webhooks.migrations.0009_roles", "apps.audit.migrations.0002_role")


def seed_roles() -> None:
    """As the migrations make them; what is there already stays."""
    for name in MIGRATIONS:
        import_module(name).seed(apps, None)
