"""What one webhook has not accepted, or what was before it: sent on somebody's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.webhooks.console.fields import moment_field
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.replays.planning import (
    OrderForm,
    PlanningView,
    StatesForm,
)
from apps.webhooks.console.tags import grouped
from apps.webhooks.models import Replay
from apps.webhooks.replay.filters import DEFAULT_STATES, Filters
from apps.webhooks.replay.plan import DEFAULT_RATE, Plan, plan, plan_backfill
from apps.webhooks.replays import Order, check_filters, start_backfill, start_replay

DAY: Final = timedelta(days=1)


class RecoveryForm(StatesForm):
    """What to send again, and how fast."""

    since = moment_field(_("From (UTC)"), required=True)
    field_order = ("since", "until", "states", "rate", "reason")

    def filters(self, webhook: int) -> Filters:
        """What is chosen."""
        data: dict[str, Any] = self.cleaned_data
        return Filters(
            webhook=webhook,
            since=data["since"],
            until=data["until"],
            states=tuple(data["states"]),
        )


class BackfillForm(OrderForm):
    """Of when, and how fast."""

    since = moment_field(_("From (UTC)"), required=True)


class OneWebhookPlanning(OneWebhook, PlanningView):
    """Planning for the webhook of the URL."""

    def get_initial(self) -> dict[str, Any]:
        """The last day, and what has not been accepted."""
        since = (timezone.now() - DAY).replace(second=0, microsecond=0)
        return {"since": since, "states": DEFAULT_STATES, "rate": DEFAULT_RATE}

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.webhook_url


class RecoverView(OneWebhookPlanning):
    """What `POST /webhooks/{id}/recover` does."""

    title = _("Recover failed since…")
    form_class = RecoveryForm
    lead = _(
        "What the receiver has not accepted is sent again, at a pace that you choose. "
        "Nothing is sent before you have seen how much it is."
    )

    def planned(self, form: Any) -> Plan:
        """Of what is chosen now."""
        filters = form.filters(self.webhook.pk)
        check_filters(filters)
        return plan(filters)

    def begun(self, form: Any, order: Order) -> Replay:
        """Of what is chosen now."""
        return start_replay(form.filters(self.webhook.pk), order)


class BackfillView(OneWebhookPlanning):
    """What `POST /webhooks/{id}/backfill` does."""

    title = _("Send the past…")
    form_class = BackfillForm
    lead = _(
        "The events of its kind that happened while this webhook was not there are "
        "sent to it, oldest first, at a pace that you choose. Nothing is sent before "
        "you have seen how much it is."
    )

    def question(self, count: int) -> str:
        """Of events, for nothing has been sent of them."""
        text = ngettext(
            "Send %(shown)s event of the past?",
            "Send %(shown)s events of the past?",
            count,
        )
        return text % {"shown": grouped(count)}

    def planned(self, form: Any) -> Plan:
        """Of what it was not told."""
        return plan_backfill(self.webhook.pk, *_between(form))

    def begun(self, form: Any, order: Order) -> Replay:
        """Of what it was not told."""
        return start_backfill(self.webhook.pk, *_between(form), order)


def _between(form: BackfillForm) -> tuple[datetime, datetime]:
    data: dict[str, Any] = form.cleaned_data
    return data["since"], data["until"] or timezone.now()
