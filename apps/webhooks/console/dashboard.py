"""The dashboard: how it goes, what waits, what fails, and when something happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.webhooks.console.badges import Badge
from apps.webhooks.console.conditions import (
    Condition,
    Kind,
    badge_of_kind,
    conditions_of,
)
from apps.webhooks.console.health_charts import health_charts
from apps.webhooks.console.overview import (
    backlog,
    queued,
    recent_failures,
)
from apps.webhooks.console.paging import CappedCount, capped_count
from apps.webhooks.console.registry import Group, Screen, may
from apps.webhooks.console.views import ConsoleView
from apps.webhooks.models import Webhook
from apps.webhooks.schedule import Flusher, flusher_now

# More webhooks than that are not looked at; the list has all of them.
LOOKED_AT: Final = 2_000
SHOWN: Final = 20


class Row(NamedTuple):
    """A line of the table of webhooks."""

    condition: Condition
    queued: CappedCount


class DashboardView(ConsoleView):
    """Seen by all of the staff; each part by who may see what it is made of."""

    title = _lazy("Dashboard")
    template_name = "console/dashboard.html"
    fragment_name = "console/dashboard_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The parts, and the first steps where there are none."""
        context = super().get_context_data(**kwargs)
        if may(self.request.user, "webhooks.view_webhook"):
            context |= self._webhooks() | health_charts(self.request.GET.get("range"))
        if may(self.request.user, "webhooks.view_deliveryattempt"):
            context["failures"] = recent_failures()
        return context

    def _webhooks(self) -> dict[str, Any]:
        flusher = flusher_now()
        live = Webhook.objects.filter(deleted_at__isnull=True)
        webhooks = list(live.order_by("-pk")[:LOOKED_AT])
        disabled = capped_count(Webhook.objects.filter(deleted_at__isnull=False))
        conditions = conditions_of(webhooks, flusher)
        return {
            "flusher": flusher,
            "backlog": backlog(),
            "rows": _table(conditions),
            "kinds": _kinds(conditions, disabled),
            "is_first_time": not webhooks and not disabled.number,
            "more": max(len(webhooks) - SHOWN, 0),
            "summary": _summary(conditions, flusher),
        }


def _table(conditions: Sequence[Condition]) -> list[Row]:
    shown = sorted(conditions, key=lambda each: each.kind)[:SHOWN]
    waiting = queued([each.webhook.pk for each in shown])
    return [Row(each, waiting[each.webhook.pk]) for each in shown]


def _kinds(
    conditions: Sequence[Condition], disabled: CappedCount
) -> list[tuple[Badge, str]]:
    """How many there are of each kind."""
    counts = Counter(each.kind for each in conditions)
    shown = [(badge_of_kind(kind), str(counts[kind])) for kind in Kind if counts[kind]]
    if disabled.number:
        shown.append((badge_of_kind(Kind.DISABLED), str(disabled)))
    return shown


def _summary(conditions: Sequence[Condition], flusher: Flusher) -> str:
    """What is read out when it changes."""
    counts = Counter(each.kind for each in conditions)
    return _("Cut off: %(cut_off)d. Warnings: %(warnings)d.") % {
        "cut_off": counts[Kind.CUT_OFF],
        "warnings": counts[Kind.WARNING],
    }


SCREEN: Final = Screen(
    title=_lazy("Dashboard"),
    url_name="admin:index",
    group=Group.OVERVIEW,
    icon="gauge",
)
