"""How webhooks are now: the badge of each, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.engine.gates import Gates
from apps.webhooks.health import HealthReport, health_of
from apps.webhooks.models import Webhook
from apps.webhooks.rules.health import Health
from apps.webhooks.schedule import Flusher


class Kind(IntEnum):
    """What a webhook is, gravest first."""

    CUT_OFF = 0
    WARNING = 1
    RESTING = 2
    PAUSED = 3
    NO_URL = 4
    HEALTHY = 5
    IDLE = 6
    DISABLED = 7


_BADGES: Final[dict[Kind, tuple[str | Promise, Tone]]] = {
    Kind.CUT_OFF: (_lazy("Cut off"), Tone.BAD),
    Kind.WARNING: (_lazy("Warning"), Tone.WARNING),
    Kind.RESTING: (_lazy("Resting"), Tone.WARNING),
    Kind.PAUSED: (_lazy("Paused"), Tone.WARNING),
    Kind.NO_URL: (_lazy("No URL yet"), Tone.QUIET),
    Kind.HEALTHY: (_lazy("Healthy"), Tone.GOOD),
    Kind.IDLE: (_lazy("Nothing sent"), Tone.QUIET),
    Kind.DISABLED: (_lazy("Disabled"), Tone.QUIET),
}


def badge_of_kind(kind: Kind, detail: str = "") -> Badge:
    """A kind's word and tone."""
    text, tone = _BADGES[kind]
    return Badge(text, tone, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One webhook. `failures` and `timeouts` are those of the cutoff's counters.

    `until`: when something is sent to it again, if that is known; `why`: a sentence,
    empty if all is well.
    """

    webhook: Webhook
    kind: Kind
    health: Health
    failures: int
    timeouts: int
    until: datetime | None
    why: str

    @property
    def counters(self) -> str:
        """n/10 and m/2; empty while there is nothing to count."""
        if not self.failures:
            return ""
        return _("failures %(failures)s, timeouts %(timeouts)s") % {
            "failures": f"{self.failures}/{settings.WEBHOOKS_CUTOFF_FAILURES}",
            "timeouts": f"{self.timeouts}/{settings.WEBHOOKS_CUTOFF_TIMEOUTS}",
        }

    @property
    def badge(self) -> Badge:
        """For `{% badge %}`."""
        return badge_of_kind(self.kind)


def conditions_of(webhooks: Iterable[Webhook], flusher: Flusher) -> list[Condition]:
    """In the order given, by two queries."""
    rows = list(webhooks)
    reports = health_of([webhook.pk for webhook in rows])
    conditions = []
    for webhook in rows:
        report = reports[webhook.pk]
        warning = report.warning.code if report.warning else None
        kind = _kind(webhook, warning, report)
        conditions.append(
            Condition(
                webhook=webhook,
                kind=kind,
                health=report.health,
                failures=report.gates.failures,
                timeouts=report.gates.timeouts,
                until=_until(kind, webhook, report.gates, flusher),
                why=_why_paused(webhook) if kind is Kind.PAUSED else _why(warning),
            )
        )
    return conditions


def _kind(webhook: Webhook, warning: str | None, report: HealthReport) -> Kind:
    if webhook.deleted_at is not None:
        return Kind.DISABLED
    if not webhook.url:
        return Kind.NO_URL
    if not report.gates.is_unpaused:
        return Kind.PAUSED
    if warning == "cut_off":
        return Kind.CUT_OFF
    if warning is not None:
        return Kind.WARNING
    if not report.gates.has_rested:
        return Kind.RESTING
    return Kind.HEALTHY if report.health.attempts else Kind.IDLE


def _until(
    kind: Kind, webhook: Webhook, gates: Gates, flusher: Flusher
) -> datetime | None:
    if kind is Kind.PAUSED:
        return webhook.paused_until
    if kind is Kind.CUT_OFF:
        return max(flusher.next_at, gates.rest_until or flusher.next_at)
    return gates.rest_until if kind is Kind.RESTING else None


def _why_paused(webhook: Webhook) -> str:
    """Somebody's note, as it was written."""
    told = _("Paused by %(actor)s; its data is kept.") % {"actor": webhook.paused_by}
    return f"{told} {webhook.pause_note}".rstrip()


def _why(warning: str | None) -> str:
    """The warning in the reader's language; the API's is in English."""
    if warning == "cut_off":
        return _("Too many attempts in a row have failed.")
    if warning == "low_success_rate":
        return _("Less than %(rate)d%% of the attempts were accepted.") % {
            "rate": settings.WEBHOOKS_WARNING_SUCCESS_RATE * 100
        }
    if warning == "slow_endpoint":
        return _("An attempt takes more than %(seconds)g s on average.") % {
            "seconds": settings.WEBHOOKS_WARNING_SECONDS
        }
    return ""
