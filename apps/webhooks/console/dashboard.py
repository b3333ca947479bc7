"""The dashboard: how it goes, what waits, what fails, and when something happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.webhooks.console.badges import Badge
from apps.webhooks.console.charts import Chart, Point, Threshold
from apps.webhooks.console.conditions import (
    Condition,
    Flusher,
    Kind,
    badge_of_kind,
    conditions_of,
    flusher_now,
)
from apps.webhooks.console.overview import (
    Span,
    backlog,
    health_over,
    queued,
    recent_failures,
    total,
)
from apps.webhooks.console.paging import CappedCount, capped_count
from apps.webhooks.console.registry import Group, Screen, may
from apps.webhooks.console.tags import duration, percent
from apps.webhooks.console.views import ConsoleView
from apps.webhooks.health import health_thresholds
from apps.webhooks.models import Webhook
from apps.webhooks.rules.health import Health

# More webhooks than that are not looked at; the list has all of them.
LOOKED_AT: Final = 2_000
SHOWN: Final = 20


class Range(NamedTuple):
    """A choice of the charts; `format` is that of a label below them."""

    name: str
    title: str | Promise
    window: timedelta
    step: timedelta
    format: str


RANGES: Final = (
    Range("24h", _lazy("24 hours"), timedelta(days=1), timedelta(hours=1), "H:i"),
    Range("7d", _lazy("7 days"), timedelta(days=7), timedelta(hours=6), "D j"),
)


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
            context |= self._webhooks() | self._charts()
        if may(self.request.user, "webhooks.view_deliveryattempt"):
            context["failures"] = recent_failures()
        return context

    def _webhooks(self) -> dict[str, Any]:
        flusher = flusher_now()
        live = Webhook.objects.filter(deleted_at__isnull=True)
        webhooks = list(live.select_related("lease").order_by("-pk")[:LOOKED_AT])
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

    def _charts(self) -> dict[str, Any]:
        chosen = next(
            (each for each in RANGES if each.name == self.request.GET.get("range")),
            RANGES[0],
        )
        spans = health_over(chosen.window, chosen.step)
        return {
            "ranges": RANGES,
            "chosen": chosen,
            "spans": spans,
            "total": total(spans),
            "rate_chart": _rate_chart(spans, chosen),
            "duration_chart": _duration_chart(spans, chosen),
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


def _rate_chart(spans: Sequence[Span], chosen: Range) -> Chart:
    critical = health_thresholds().success_rate
    return Chart(
        title=_("Success rate"),
        description=_description(
            spans, lambda health: health.success_rate, percent, low=True
        ),
        points=_points(spans, chosen, lambda health: health.success_rate),
        text=percent,
        top=1.0,
        threshold=Threshold(
            value=critical,
            label=_("warning below %(value)s") % {"value": percent(critical)},
        ),
    )


def _duration_chart(spans: Sequence[Span], chosen: Range) -> Chart:
    critical = health_thresholds().duration
    return Chart(
        title=_("Average duration"),
        description=_description(
            spans, lambda health: health.average_duration, duration, low=False
        ),
        points=_points(spans, chosen, lambda health: health.average_duration),
        text=duration,
        threshold=Threshold(
            value=critical,
            label=_("warning above %(value)s") % {"value": duration(critical)},
        ),
    )


Measure = Callable[[Health], float | None]


def _points(spans: Sequence[Span], chosen: Range, measure: Measure) -> list[Point]:
    return [
        Point(
            label=date_format(timezone.localtime(span.began_at), chosen.format),
            value=measure(span.health),
        )
        for span in spans
    ]


def _description(
    spans: Sequence[Span], measure: Measure, text: Callable[[float], str], *, low: bool
) -> str:
    """The mean and the worst of it: what somebody sees at a glance."""
    values = [value for span in spans if (value := measure(span.health)) is not None]
    overall = measure(total(spans))
    if overall is None:
        return _("Nothing was sent.")
    return _("%(overall)s overall, %(worst)s at worst.") % {
        "overall": text(overall),
        "worst": text(min(values) if low else max(values)),
    }


SCREEN: Final = Screen(
    title=_lazy("Dashboard"),
    url_name="admin:index",
    group=Group.OVERVIEW,
    icon="gauge",
)
