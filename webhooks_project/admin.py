"""Makes the console Django's default admin site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Imported before any model, so the site is named and not imported."""

    default_site = "apps.webhooks.console.site.Console"
