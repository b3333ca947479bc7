"""Webhooks, their data and attempts in the console.

What is done here is done by the functions that the API and the commands call.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.event_log.admin import FactAdmin
from apps.event_log.catalogue import CATALOGUE
from apps.own_console import is_own, register
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import of_cause, of_state
from apps.webhooks.console.operators import OperatorAdmin, RoleAdmin
from apps.webhooks.console.tags import badge_tag, duration
from apps.webhooks.flusher import flush
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    Lease,
    Webhook,
    WebhookData,
)
from apps.webhooks.registration_fields import model_values
from apps.webhooks.registrations import (
    Refused,
    create_webhook,
    delete_webhook,
    restore_webhook,
    update_webhook,
)

# The form's names of what the contract calls otherwise.
_FORM_FIELD: Final = {"id_auth": "auth_provider", "id_user": "user"}


# Instead of Django's, which leave no row in the audit trail.
if is_own():
    for model, page in ((User, OperatorAdmin), (Group, RoleAdmin)):
        admin.site.unregister(model)
        admin.site.register(model, page)


class MembersField(forms.JSONField):
    """What was typed is shown again as it was: read and written anew it may be text
    that no page can hold."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The text, whether it is JSON or not."""
        return InvalidJSONInput(data or "")


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """A registration; what is allowed in it is decided where the API does."""

    event = forms.ChoiceField(
        label=_("Event"), choices=[(name, name) for name in CATALOGUE]
    )
    url = forms.CharField(required=False, label="URL", widget=forms.URLInput)
    add_to_data = MembersField(
        required=False,
        label=_("Added members"),
        help_text=_(
            "Members to add to the bodies, as a JSON object: each name with the key of "
            "the user's configuration that has the value."
        ),
    )

    class Meta:
        model = Webhook
        fields = (
            "event",
            "url",
            "auth_provider",
            "user",
            "compression",
            "deadline",
            "max_in_flight",
            "add_to_data",
        )

    def registration(self) -> dict[str, Any]:
        """The fields by the contract's names."""
        data = self.cleaned_data
        provider, user = data.get("auth_provider"), data.get("user")
        return {
            "event": data.get("event"),
            "url": data.get("url") or None,
            "id_auth": provider and provider.pk,
            "id_user": user and user.pk,
            "compression": data.get("compression"),
            "deadline": data.get("deadline"),
            "max_in_flight": data.get("max_in_flight"),
            "add_to_data": data.get("add_to_data"),
        }

    def clean(self) -> dict[str, Any] | None:
        """One sentence at the field that is to blame."""
        cleaned = super().clean()
        if not self.errors:
            try:
                with transaction.atomic():
                    model_values(self.registration())
            except Refused as refused:
                field = _FORM_FIELD.get(refused.field, refused.field)
                self.add_error(field, refused.sentence)
        return cleaned


@register(Webhook)
class WebhookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Registrations: a deletion is soft, and may be taken back."""

    form = WebhookForm
    list_display = (
        "id",
        "event",
        "url",
        "auth_provider",
        "of_user",
        "deleted_at",
    )
    list_filter = (("deleted_at", admin.EmptyFieldListFilter), "event")
    list_select_related = ("auth_provider",)
    ordering = ("-pk",)
    raw_id_fields = ("user",)
    show_full_result_count = False
    actions = ("flush_now", "restore")

    def save_model(
        self, request: HttpRequest, obj: Webhook, form: WebhookForm, change: bool
    ) -> None:
        """Register or change it; the form has seen that nothing is refused."""
        if change:
            update_webhook(obj.pk, **form.registration())
        else:
            obj.pk = create_webhook(**form.registration()).pk

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Nothing goes with a webhook: its deletion is soft."""
        return [str(each) for each in objs], {"webhooks": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        """Disable it and cancel what is unsent."""
        delete_webhook(obj.pk)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Webhook]
    ) -> None:
        """Each of them likewise."""
        for webhook in queryset:
            delete_webhook(webhook.pk)

    @admin.display(description=_("end user"), ordering="user_id")
    def of_user(self, webhook: Webhook) -> int | None:
        """To whose events it is restricted."""
        return webhook.user_id

    def has_flush_permission(self, request: HttpRequest) -> bool:
        """Operators may, who change nothing."""
        return request.user.has_perm("webhooks.flush_webhook")

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Likewise."""
        return request.user.has_perm("webhooks.restore_webhook")

    @admin.action(description=_("Flush now"), permissions=["flush"])
    def flush_now(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """What `manage.py flush --webhook` does."""
        for webhook in webhooks:
            flush(webhook.pk)
        messages.success(request, _now("What is unsent is sent again now."))

    @admin.action(description=_("Restore deleted webhooks"), permissions=["restore"])
    def restore(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """For events to come; what the deletion cancelled stays cancelled."""
        for webhook in webhooks:
            restore_webhook(webhook.pk)


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
