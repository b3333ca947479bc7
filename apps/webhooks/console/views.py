"""What the console's own pages are built from: `ConsoleView` and `ActionView`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.webhooks.console.registry import may

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

# How the page's script asks for nothing but the part that is alive.
FRAGMENT: Final = "X-Console-Fragment"


class Crumb(NamedTuple):
    """A step of the way back; the last one, the page itself, is added by the view."""

    title: str | Promise
    url: str


class ConsoleView(TemplateView):
    """A page of the console.

    Set `title`, `permission` ("webhooks.view_webhookdata"; empty: all of the staff)
    and `template_name`, a template that extends `console/page.html`. Override
    `get_title` and `get_crumbs` where they depend on the object shown.

    A page that refreshes itself sets `fragment_name`, the template of the part that
    does, and includes it within `console/live.html`.
    """

    site: AdminSite = None  # type: ignore[assignment]
    title: ClassVar[str | Promise] = ""
    permission: ClassVar[str] = ""
    fragment_name: ClassVar[str] = ""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """403 without the permission; who has not logged in does not come here."""
        if not may(request.user, self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_title(self) -> str | Promise:
        """The heading, and the browser's title."""
        return self.title

    def get_crumbs(self) -> Sequence[Crumb]:
        """What is between the dashboard and this page."""
        return ()

    def get_template_names(self) -> list[str]:
        """The part alone if the script asks for that."""
        if self.fragment_name and FRAGMENT in self.request.headers:
            return [self.fragment_name]
        return super().get_template_names()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What every page of the admin site has, and the way back."""
        return super().get_context_data(**kwargs) | {
            **self.site.each_context(self.request),
            "title": self.get_title(),
            "crumbs": self.get_crumbs(),
        }

    def render_to_response(
        self, context: dict[str, Any], **response_kwargs: Any
    ) -> HttpResponse:
        """The script takes no answer for a fragment that does not say it is one."""
        response = super().render_to_response(context, **response_kwargs)
        if self.fragment_name and FRAGMENT in self.request.headers:
            response[FRAGMENT] = "1"
        return response


class ActionView(ConsoleView):
    """Something that is done: a page that asks, and a POST that does it.

    GET shows `question()` with the facts of `consequences()`; POST calls `act()`,
    shows the sentence it returns, and leads to `get_next_url()`. A button elsewhere
    may POST right away where no question is due. CSRF is checked as everywhere.
    """

    template_name = "console/confirm.html"
    button: ClassVar[str | Promise] = _("Continue")
    # For what cannot be taken back.
    is_dangerous: ClassVar[bool] = False

    def question(self) -> str | Promise:
        """What is asked, in a sentence."""
        raise NotImplementedError

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """Facts to decide by, as pairs of a name and a value."""
        return ()

    def act(self) -> str | Promise:
        """Do it; the sentence that says so. Raise `ActionRefused` if it cannot be."""
        raise NotImplementedError

    def get_next_url(self) -> str:
        """Where to go afterwards, or instead."""
        return reverse("admin:index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The question."""
        return super().get_context_data(**kwargs) | {
            "question": self.question(),
            "consequences": self.consequences(),
            "button": self.button,
            "is_dangerous": self.is_dangerous,
            "next_url": self.get_next_url(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, and say so."""
        try:
            messages.success(request, str(self.act()))
        except ActionRefused as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(self.get_next_url())


class ActionRefused(Exception):
    """Why nothing was done, as a translated sentence for the operator."""
