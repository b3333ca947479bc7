"""The list of deliveries."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.deliveries.finding import find
from apps.webhooks.console.deliveries.forms import STATE_TITLES, FilterForm
from apps.webhooks.console.deliveries.looking_up import look_up
from apps.webhooks.console.fields import MAX_ID
from apps.webhooks.console.views import ConsoleView


class View(NamedTuple):
    """A saved view: a link that keeps the other filters."""

    title: str | Promise
    url: str
    is_current: bool


# What operators look for; planned ones are a replay's matter, and a filter's.
VIEWS: Final = (
    "",
    "failing",
    "waiting",
    "delivered",
    "quarantined",
    "held",
    "cancelled",
)
ALL: Final = _("All")


class DeliveriesView(ConsoleView):
    """Newest first; the first page is alive, an older one stays as it is."""

    title = _("Deliveries")
    permission = "webhooks.view_webhookdata"
    template_name = "console/deliveries.html"
    fragment_name = "console/deliveries_live.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list; or what has the id that is looked for, if only one thing has."""
        self.matches = look_up(request.GET.get("q", ""))
        if len(self.matches) == 1:
            return HttpResponseRedirect(self.matches[0].url)
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The page, and what it is restricted to."""
        form = FilterForm(self.request.GET)
        before = _id(self.request.GET.get("before", ""))
        criteria = form.criteria()
        found = find(criteria, before)
        return super().get_context_data(**kwargs) | {
            "form": form,
            "found": found,
            "before": before,
            "is_filtered": bool(form.restricting()),
            "restricting": form.restricting(),
            "views": self._views(criteria.state),
            "matches": self.matches,
            "term": self.request.GET.get("q", ""),
            "clear_url": reverse("admin:deliveries"),
        }

    def _views(self, current: str) -> list[View]:
        views = []
        for state in VIEWS:
            query = self.request.GET.copy()
            for name in ("before", "state", "q"):
                query.pop(name, None)
            if state:
                query["state"] = state
            title = STATE_TITLES.get(state, ALL)
            views.append(View(title, f"?{query.urlencode()}", state == current))
        return views


def _id(text: str) -> int | None:
    is_id = text.isascii() and text.isdecimal() and 0 < int(text) <= MAX_ID
    return int(text) if is_id else None
