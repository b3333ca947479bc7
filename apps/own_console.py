"""Pages of the console: in the service's own site, and in no other project's admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.apps import apps
from django.contrib import admin
from django.db.models import Model

CONSOLE: Final = "apps.webhooks.console.site.Console"
_Page = TypeVar("_Page", bound="type[admin.ModelAdmin[Any]]")


def is_own() -> bool:
    """Whether the admin that is being filled is the service's console."""
    site = getattr(apps.get_app_config("admin"), "default_site", None)
    return bool(site == CONSOLE)


def register(*models: type[Model]) -> Callable[[_Page], _Page]:
    """`admin.register`, where the site is the console."""

    def take(page: _Page) -> _Page:
        if is_own():
            admin.site.register(models, page)
        return page

    return take
