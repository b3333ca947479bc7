"""The console's AdminSite: Django's admin under our own name."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class Console(admin.AdminSite):
    """The administration console."""

    site_header = "Bankhooks console"
    site_title = "Bankhooks"
    index_title = "Webhooks"


class ConsoleConfig(AdminConfig):
    """Makes `Console` the default admin site."""

    default_site = "webhooks_project.admin.Console"
