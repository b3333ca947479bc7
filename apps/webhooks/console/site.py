"""The console: Django's admin with screens of its own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.db import transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.i18n import set_language

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.console.dashboard import DashboardView
from apps.webhooks.console.labels import name_models
from apps.webhooks.console.registry import navigation
from apps.webhooks.console.screens import SCREENS
from apps.webhooks.console.tags import ABSENT


class Console(AdminSite):
    """The administration console.

    Its own pages come before Django's, so a screen may take over the URL of a list.
    """

    site_header = "Bankhooks"
    site_title = "Bankhooks"
    index_title = _("Dashboard")
    # There is no site to view: the rest is an API.
    site_url = None
    # The navigation is ours, in console/navigation.html.
    enable_nav_sidebar = False
    empty_value_display = ABSENT

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        name_models()

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The screens' pages, the language switch, then Django's own."""
        pages = [
            path(
                page.route,
                self.admin_view(page.view.as_view(site=self)),
                name=page.name,
            )
            for screen in SCREENS
            for page in screen.pages
        ]
        # Open to all: the login page has a switch too.
        switch = path("language/", set_language, name="set_language")
        return [*pages, switch, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the navigation, for who may see the site."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["sections"] = navigation(SCREENS, request.user, request.path)
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The dashboard."""
        response: TemplateResponse = self._dashboard(request)
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """One's own; the change and its record together."""
        with transaction.atomic():
            response: TemplateResponse = super().password_change(request, extra_context)
            if response.status_code == HTTPStatus.FOUND:
                record(Action.OPERATOR_PASSWORD, request.user.pk)
        return response

    @cached_property
    def _dashboard(self) -> Any:
        return DashboardView.as_view(site=self)
