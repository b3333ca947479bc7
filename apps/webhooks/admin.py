"""Webhooks, their data and attempts in the console.

What is done here is done by the functions that the API and the commands call.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest

from apps.event_log.admin import FactAdmin
from apps.event_log.catalogue import CATALOGUE
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


class MembersField(forms.JSONField):
    """What was typed is shown again as it was: read and written anew it may be text
    that no page can hold."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The text, whether it is JSON or not."""
        return InvalidJSONInput(data or "")


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """A registration; what is allowed in it is decided where the API does."""

    event = forms.ChoiceField(choices=[(name, name) for name in CATALOGUE])
    url = forms.CharField(required=False, label="URL", widget=forms.URLInput)
    add_to_data = MembersField(
        required=False,
        help_text="Members to add to the bodies, as a JSON object: each name with the "
        "key of the user's configuration that has the value.",
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


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Registrations: a deletion is soft, and may be taken back."""

    form = WebhookForm
    list_display = ("id", "event", "url", "auth_provider", "user_id", "deleted_at")
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

    @admin.action(description="Flush now", permissions=["change"])
    def flush_now(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """What `manage.py flush --webhook` does."""
        for webhook in webhooks:
            flush(webhook.pk)
        messages.success(request, "What is unsent is sent again now.")

    @admin.action(description="Restore deleted webhooks", permissions=["change"])
    def restore(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """For events to come; what the deletion cancelled stays cancelled."""
        for webhook in webhooks:
            restore_webhook(webhook.pk)


@admin.register(WebhookData)
class WebhookDataAdmin(FactAdmin):
    """The queue, and what has left it."""

    list_display = (
        "id",
        "webhook_id",
        "event_id",
        "state",
        "attempts",
        "created_at",
        "delivered_at",
    )
    list_filter = ("state",)
    ids = ("pk", "webhook_id", "event_id")
    search_help_text = "The id of webhook data, of a webhook or of an event"
    fields = (*list_display, "last_execution")


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(FactAdmin):
    """Every request that was sent, or could not be."""

    list_display = (
        "id",
        "webhook_data_id",
        "webhook_id",
        "number",
        "started_at",
        "cause",
        "status",
        "total_us",
    )
    ids = ("pk", "webhook_data_id", "webhook_id")
    search_help_text = "The id of an attempt, of webhook data or of a webhook"
    fields = (
        *list_display,
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


@admin.register(Lease)
class LeaseAdmin(FactAdmin):
    """Who sends for a webhook now, and what is known of its receiver."""

    list_display = (
        "webhook_id",
        "holder",
        "leased_until",
        "consecutive_failures",
        "timeouts",
        "cut_off_at",
        "rest_until",
    )
    list_filter = (("cut_off_at", admin.EmptyFieldListFilter),)
    fields = (*list_display, "token", "execution", "suspect", "suspect_expiries")
    search_help_text = "The id of a webhook"


@admin.register(FlusherExecution)
class FlusherExecutionAdmin(FactAdmin):
    """The flusher's runs."""

    list_display = ("id", "started_at", "webhook_id")
    fields = list_display
    ids = ("pk", "webhook_id")
    search_help_text = "The id of an execution or of a webhook"
