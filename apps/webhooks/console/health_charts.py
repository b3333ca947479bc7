"""Success rate and duration over time: of all webhooks, or of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.webhooks.console.charts import Chart, Point, Threshold
from apps.webhooks.console.overview import Span, health_over, slow_over, total
from apps.webhooks.console.tags import duration, percent
from apps.webhooks.health import health_thresholds
from apps.webhooks.rules.health import Health


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


def health_charts(range_name: str | None, webhook: int | None = None) -> dict[str, Any]:
    """What `console/health_charts.html` shows, over the range of that name.

    How slow the slowest are is told of one webhook: an average hides them.
    """
    chosen = next((each for each in RANGES if each.name == range_name), RANGES[0])
    spans = health_over(chosen.window, chosen.step, webhook)
    slow = [] if webhook is None else slow_over(spans, chosen.step, webhook)
    return {
        "ranges": RANGES,
        "chosen": chosen,
        "history": list(zip_longest(spans, slow)),
        "has_slow": any(each is not None for each in slow),
        "total": total(spans),
        "rate_chart": _rate_chart(spans, chosen),
        "duration_chart": _duration_chart(spans, slow, chosen),
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


def _duration_chart(
    spans: Sequence[Span], slow: Sequence[float | None], chosen: Range
) -> Chart:
    critical = health_thresholds().duration
    description = _description(
        spans, lambda health: health.average_duration, duration, low=False
    )
    known = [each for each in slow if each is not None]
    if known:
        description += " " + _("95 of 100 within %(worst)s at worst.") % {
            "worst": duration(max(known))
        }
    return Chart(
        title=_("Average duration"),
        description=description,
        points=_points(spans, chosen, lambda health: health.average_duration),
        upper=[Point(label="", value=each) for each in slow],
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
