"""The console: Django's admin with screens of its own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.i18n import set_language

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.console.access.login import CodeView, PasswordView
from apps.webhooks.console.access.standing import SETUP_PAGES, Standing, standing_of
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
        code = path("login/code/", CodeView.as_view(site=self), name="login_code")
        return [*pages, switch, code, *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody of the staff has proven all that is asked for.

        Who has yet to set up what is required may open the pages for that.
        """
        if not super().has_permission(request):
            return False
        standing = standing_of(request)
        match = request.resolver_match
        page = match.url_name if match else None
        return standing is Standing.IN or (
            standing is Standing.MUST_SET_UP and page in SETUP_PAGES
        )

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the navigation, for who may see the site."""
        context = super().each_context(request)
        if context["has_permission"] and standing_of(request) is Standing.IN:
            context["sections"] = navigation(SCREENS, request.user, request.path)
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The dashboard."""
        response: TemplateResponse = self._dashboard(request)
        return response

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As Django's, by our own first step; a second one may follow."""
        if request.method == "GET" and super().has_permission(request):
            standing = standing_of(request)
            if standing is Standing.MUST_SET_UP:
                return HttpResponseRedirect(reverse("admin:two_factor"))
            if standing is Standing.IN:
                return HttpResponseRedirect(reverse("admin:index"))
        context = self.each_context(request) | {
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
        }
        if REDIRECT_FIELD_NAME not in request.GET | request.POST:
            context[REDIRECT_FIELD_NAME] = reverse("admin:index")
        view = PasswordView.as_view(
            extra_context=context | (extra_context or {}),
        )
        reply = view(request)
        assert isinstance(reply, HttpResponse)
        return reply

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
