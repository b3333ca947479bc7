"""The template library `console`: `{% load console %}`.

{% badge badge %}                      a `Badge` (badges.py)
{% icon "hook" %}                      a symbol of static/console/icons.svg
{% when date %}                        "3 min ago", with the instant in full
{% chart chart %}, {% spark ... %}     an SVG (charts.py)
{% body bytes %}                       a body for reading (printing.py)
{% live_url %}                         where the script asks for the fragment
{{ seconds|duration }}                 "340 ms", "2.1 s"
{{ part|percent }}                     "98.5 %" of 0.985
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django import template
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.webhooks.console.badges import Badge
from apps.webhooks.console.charts import Bar, Chart, line_chart, spark_bars
from apps.webhooks.console.printing import pretty

register = template.Library()

ABSENT: Final = "\u2013"

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


@register.simple_tag(name="badge")
def badge_tag(badge: Badge) -> SafeString:
    """A state; the sign before it comes from the stylesheet."""
    detail = format_html(" <small>{}</small>", badge.detail) if badge.detail else ""
    return format_html(
        '<span class="badge badge-{}">{}{}</span>', badge.tone, badge.text, detail
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside a word that says the same, hidden from those who listen."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        static("console/icons.svg"),
        name,
    )


@register.simple_tag
def when(instant: datetime | None, absent: str = ABSENT) -> SafeString | str:
    """An instant as somebody would say it."""
    if instant is None:
        return absent
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        instant.isoformat(),
        date_format(instant, "DATETIME_FORMAT"),
        distance((instant - timezone.now()).total_seconds()),
    )


@register.filter
def age(instant: datetime | None) -> str:
    """How long ago, without the word: "3 min"."""
    if instant is None:
        return ABSENT
    return _amount(abs((timezone.now() - instant).total_seconds()))


def distance(seconds: float) -> str:
    """From now: "in 3 min", "2 h ago"."""
    if abs(seconds) < 1:
        return _("now")
    pattern = _("in %(amount)s") if seconds > 0 else _("%(amount)s ago")
    return pattern % {"amount": _amount(abs(seconds))}


def _amount(seconds: float) -> str:
    if seconds < _MINUTE:
        return _("%(n)d s") % {"n": seconds}
    if seconds < _HOUR:
        return _("%(n)d min") % {"n": seconds // _MINUTE}
    if seconds < 2 * _DAY:
        return _("%(n)d h") % {"n": seconds // _HOUR}
    return _("%(n)d days") % {"n": seconds // _DAY}


@register.filter
def duration(seconds: float | None) -> str:
    """Milliseconds below a second."""
    if seconds is None:
        return ABSENT
    if seconds < 1:
        return _("%(n)s ms") % {"n": number_format(round(seconds * 1000))}
    return _("%(n)s s") % {"n": number_format(seconds, 1)}


@register.filter
def percent(part: float | None) -> str:
    """Never 100 unless it is."""
    if part is None:
        return ABSENT
    shown = min(round(part * 100, 1), 99.9) if part < 1 else 100.0
    return _("%(n)s%%") % {"n": number_format(shown, 0 if shown % 1 == 0 else 1)}


@register.filter
def grouped(number: int | None) -> str:
    """With the reader's separators."""
    return ABSENT if number is None else number_format(number, force_grouping=True)


@register.simple_tag(name="chart")
def chart_tag(chart: Chart) -> SafeString:
    """Escaped where it was written, by ElementTree."""
    return mark_safe(line_chart(chart))  # nosec B308


@register.simple_tag
def spark(bars: Sequence[Bar], title: str) -> SafeString:
    """Bars the size of a word; `title` says what they show."""
    return mark_safe(spark_bars(bars, title=title))  # nosec B308


@register.simple_tag
def body(data: bytes | str | None) -> SafeString:
    """A body for reading, every piece of it escaped; what is cut is said."""
    printed = pretty(data)
    text = format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="key">{}</span>', part.text),)
            if part.is_key
            else (part.text,)
            for part in printed.parts
        ),
    )
    return format_html(
        '<pre class="body" tabindex="0">{}</pre>{}', text, _cut(printed.is_cut)
    )


def _cut(is_cut: bool) -> SafeString | str:
    if not is_cut:
        return ""
    return format_html('<p class="note">{}</p>', _("Only the first 64 KB are shown."))


@register.simple_tag(takes_context=True)
def live_url(context: RequestContext) -> str:
    """This page's own address."""
    request: Any = context["request"]
    return str(request.get_full_path())


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """This page's query with changes; None takes a parameter out, and any change but
    that of the page leads to the first page."""
    parameters = context["request"].GET.copy()
    if "page" not in changes:
        parameters.pop("page", None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value is not None:
            parameters[name] = str(value)
    text: str = parameters.urlencode()
    return f"?{text}"
