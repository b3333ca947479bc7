"""The list of webhooks: how each is, what it was sent in a day, and what waits."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.charts import Bar
from apps.webhooks.console.conditions import Condition, Kind, conditions_of
from apps.webhooks.console.overview import hourly, queued
from apps.webhooks.console.paging import CappedCount, CappedPaginator
from apps.webhooks.console.views import ConsoleView
from apps.webhooks.console.webhooks.forms import WebhookFilter
from apps.webhooks.models import Webhook
from apps.webhooks.schedule import Flusher, flusher_now

VIEW: Final = "webhooks.view_webhook"
# More than that are not looked at for those that need somebody.
LOOKED_AT: Final = 2_000
_TROUBLE: Final = (Kind.CUT_OFF, Kind.WARNING, Kind.RESTING, Kind.PAUSED, Kind.NO_URL)
VIEWS: Final[dict[str, str | Promise]] = {
    "": _("Enabled"),
    "trouble": _("Need attention"),
    "disabled": _("Disabled"),
    "all": _("All"),
}


class Row(NamedTuple):
    """A line of the list; `hours`: attempts in each of the last 24."""

    condition: Condition
    queued: CappedCount
    hours: list[Bar]

    @property
    def attempts(self) -> int:
        """Of the day."""
        return self.condition.health.attempts


class WebhooksView(ConsoleView):
    """The newest first."""

    title = _("Webhooks")
    permission = VIEW
    template_name = "console/webhooks.html"
    fragment_name = "console/webhooks_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of them."""
        query = self.request.GET
        form = WebhookFilter(query, auto_id="filter-%s", label_suffix="")
        chosen = query.get("view", "")
        flusher = flusher_now()
        page = CappedPaginator(_chosen(_matching(form), chosen, flusher)).get_page(
            query.get("page")
        )
        return super().get_context_data(**kwargs) | {
            "form": form,
            "page": page,
            "rows": _lines(conditions_of(page, flusher)),
            "views": self._views(chosen),
            "is_filtered": any(form.cleaned_data.values()) or bool(chosen),
            "clear_url": reverse("admin:webhooks_webhook_changelist"),
        }

    def _views(self, chosen: str) -> list[dict[str, Any]]:
        views = []
        for name, title in VIEWS.items():
            query = self.request.GET.copy()
            for key in ("page", "view"):
                query.pop(key, None)
            if name:
                query["view"] = name
            url = f"?{query.urlencode()}"
            views.append({"title": title, "url": url, "is_current": name == chosen})
        return views


def _matching(form: WebhookFilter) -> QuerySet[Webhook]:
    """Those that meet what is valid."""
    form.is_valid()
    given = form.cleaned_data
    found = Webhook.objects.all()
    if given.get("event"):
        found = found.filter(event=given["event"])
    if given.get("url"):
        found = found.filter(url__icontains=given["url"])
    return found.order_by("-pk")


def _chosen(rows: QuerySet[Webhook], view: str, flusher: Flusher) -> QuerySet[Webhook]:
    """The rows of a view."""
    if view == "all":
        return rows
    if view == "disabled":
        return rows.filter(deleted_at__isnull=False)
    live = rows.filter(deleted_at__isnull=True)
    if view != "trouble":
        return live
    found = conditions_of(live[:LOOKED_AT], flusher)
    troubled = [each.webhook.pk for each in found if each.kind in _TROUBLE]
    return live.filter(pk__in=troubled)


def _lines(conditions: list[Condition]) -> list[Row]:
    ids = [each.webhook.pk for each in conditions]
    waiting, hours = queued(ids), hourly(ids)
    return [
        Row(each, waiting[each.webhook.pk], hours[each.webhook.pk])
        for each in conditions
    ]
