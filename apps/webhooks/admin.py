"""Webhook data, attempts, leases and executions, to be read row by row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _

from apps.event_log.admin import FactAdmin
from apps.own_console import is_own, register
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import of_cause, of_state
from apps.webhooks.console.operators import OperatorAdmin, RoleAdmin
from apps.webhooks.console.tags import badge_tag, duration
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    Lease,
    WebhookData,
)

# Instead of Django's, which leave no row in the audit trail.
if is_own():
    for model, page in ((User, OperatorAdmin), (Group, RoleAdmin)):
        admin.site.unregister(model)
        admin.site.register(model, page)


class PartAdmin(FactAdmin):
    """Rows that name others: by id, for to read those would cost a query each."""

    @admin.display(description=_("webhook"))
    def of_webhook(self, row: Any) -> int | None:
        """Its webhook."""
        number: int | None = row.webhook_id
        return number

    @admin.display(description=_("event"))
    def of_event(self, row: WebhookData) -> int:
        """Its event."""
        return row.event_id

    @admin.display(description=_("delivery"))
    def of_delivery(self, row: DeliveryAttempt) -> int:
        """Its webhook data."""
        return row.webhook_data_id


@register(WebhookData)
class WebhookDataAdmin(PartAdmin):
    """The queue, and what has left it."""

    list_display = (
        "id",
        "of_webhook",
        "of_event",
        "state_badge",
        "attempts",
        "created_at",
        "delivered_at",
    )
    list_filter = ("state",)
    ids = ("pk", "webhook_id", "event_id")
    search_help_text = _("The id of a delivery, of a webhook or of an event")
    fields = (*list_display, "last_execution")

    @admin.display(description=_("state"))
    def state_badge(self, data: WebhookData) -> str:
        """Pending and refused before is told apart from pending."""
        return badge_tag(of_state(data.state, attempts=data.attempts))


@register(DeliveryAttempt)
class DeliveryAttemptAdmin(PartAdmin):
    """Every request that was sent, or could not be."""

    list_display = (
        "id",
        "of_delivery",
        "of_webhook",
        "number",
        "started_at",
        "outcome",
        "took",
    )
    ids = ("pk", "webhook_data_id", "webhook_id")
    search_help_text = _("The id of an attempt, of a delivery or of a webhook")
    fields = (
        *list_display,
        "meaning",
        "dns_us",
        "connect_us",
        "tls_us",
        "first_byte_us",
        "peer",
        "body_bytes",
        "sent_bytes",
        "response_headers",
        "next_try_at",
        "execution",
    )

    @admin.display(description=_("outcome"))
    def outcome(self, attempt: DeliveryAttempt) -> str:
        """The cause, and the status if there was one."""
        return badge_tag(of_cause(attempt.cause, attempt.status))

    @admin.display(description=_("meaning"))
    def meaning(self, attempt: DeliveryAttempt) -> str:
        """The same in words, with the next step."""
        return " ".join(explain(attempt.cause, attempt.status))

    @admin.display(description=_("duration"))
    def took(self, attempt: DeliveryAttempt) -> str:
        """Of the whole request."""
        return duration(attempt.total_us / 1e6)


@register(Lease)
class LeaseAdmin(PartAdmin):
    """Who sends for a webhook now, and what is known of its receiver."""

    list_display = (
        "of_webhook",
        "holder",
        "leased_until",
        "consecutive_failures",
        "timeouts",
        "cut_off_at",
        "rest_until",
    )
    list_filter = (("cut_off_at", admin.EmptyFieldListFilter),)
    fields = (*list_display, "token", "execution", "suspect", "suspect_expiries")
    search_help_text = _("The id of a webhook")


@register(FlusherExecution)
class FlusherExecutionAdmin(PartAdmin):
    """The flusher's runs."""

    list_display = ("id", "started_at", "of_webhook")
    fields = list_display
    ids = ("pk", "webhook_id")
    search_help_text = _("The id of an execution or of a webhook")
