"""One webhook: how it is and why, what it was sent, and how it is registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.conditions import Condition, Kind, conditions_of
from apps.webhooks.console.deliveries.criteria import Criteria
from apps.webhooks.console.deliveries.finding import find
from apps.webhooks.console.health_charts import health_charts
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.overview import queued, recent_failures
from apps.webhooks.console.registry import may
from apps.webhooks.console.replays.standing import replays_of
from apps.webhooks.console.views import Crumb
from apps.webhooks.console.webhooks.listing import VIEW
from apps.webhooks.schedule import flusher_now

SHOWN: Final = 10
_TONES: Final = {
    Kind.CUT_OFF: "bad",
    Kind.WARNING: "warning",
    Kind.RESTING: "warning",
    Kind.PAUSED: "warning",
    Kind.HEALTHY: "good",
}


class WebhookView(OneWebhook):
    """The page; alive."""

    permission = VIEW
    template_name = "console/webhook.html"
    fragment_name = "console/webhook_live.html"

    def get_title(self) -> str:
        """Its name."""
        return self.webhook_name

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return super().get_crumbs()[:-1]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Its condition, its charts, and the deliveries for who may see them."""
        webhook, user = self.webhook, self.request.user
        (condition,) = conditions_of([webhook], flusher_now())
        context = super().get_context_data(**kwargs) | {
            "condition": condition,
            "tone": _TONES.get(condition.kind, "quiet"),
            "queued": queued([webhook.pk])[webhook.pk],
            "is_live": webhook.deleted_at is None and webhook.url is not None,
            "is_paused": condition.kind is Kind.PAUSED,
            "lead": _lead(condition),
        }
        context |= health_charts(self.request.GET.get("range"), webhook.pk)
        if may(user, "webhooks.view_deliveryattempt"):
            context["failures"] = recent_failures(webhook.pk)
        if may(user, "webhooks.view_webhookdata"):
            context["found"] = find(Criteria(webhook=webhook.pk), size=SHOWN)
        if may(user, "webhooks.view_replay"):
            context["replays"] = replays_of(webhook.pk)
        return context


def _lead(condition: Condition) -> Any:
    """What the badge means, where nothing else says it."""
    return {
        Kind.DISABLED: _("It is told of nothing. What was unsent has been cancelled."),
        Kind.NO_URL: _("Give it a URL: until then nothing is recorded for it."),
        Kind.RESTING: _("The receiver has asked for a rest, with Retry-After."),
        Kind.HEALTHY: _("What is sent is accepted, and in time."),
        Kind.IDLE: _("Nothing was sent in the last 24 hours."),
    }.get(condition.kind, "")
