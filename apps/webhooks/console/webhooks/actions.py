"""What is done with webhooks; by the functions that the API and the commands call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.one_webhook import OneWebhook, list_crumb
from apps.webhooks.console.overview import queued
from apps.webhooks.console.refusals import said
from apps.webhooks.console.views import ActionRefused, ActionView, Crumb
from apps.webhooks.console.webhooks.forms import WebhookForm, initial_of
from apps.webhooks.flusher import flush
from apps.webhooks.registrations import (
    Refused,
    create_webhook,
    delete_webhook,
    restore_webhook,
    update_webhook,
)


class AddWebhookView(FormView):
    """A new one; `?event=` and `?id_auth=` choose for the form."""

    title = _("New webhook")
    permission = "webhooks.add_webhook"
    form_class = WebhookForm
    button = _("Create")

    def get_initial(self) -> dict[str, Any]:
        """What a link asked for."""
        query = self.request.GET
        event = query.get("event")
        return {
            "event": event if event in CATALOGUE else "CONNECTION_SYNCED",
            "id_auth": query.get("id_auth"),
        }

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (list_crumb(),)

    def get_cancel_url(self) -> str:
        """The list."""
        return reverse("admin:webhooks_webhook_changelist")

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Register it, unless something in it is refused."""
        assert isinstance(form, WebhookForm)
        try:
            webhook = create_webhook(**form.registration())
        except Refused as refused:
            form.refuse(refused)
            return None
        sentence = _now("The webhook is there: send it a test.")
        messages.success(self.request, sentence)
        url = reverse("admin:webhooks_webhook_change", args=[webhook.pk])
        return HttpResponseRedirect(url)


class ChangeWebhookView(OneWebhook, FormView):
    """Its registration; what waits is sent as it is registered then."""

    title = _("Change")
    permission = "webhooks.change_webhook"
    form_class = WebhookForm

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        return initial_of(self.webhook)

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.webhook_url

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Change it, unless something is refused."""
        assert isinstance(form, WebhookForm)
        try:
            update_webhook(self.webhook.pk, **form.registration())
        except Refused as refused:
            form.refuse(refused)
            return None
        messages.success(self.request, _now("The webhook is changed."))
        return HttpResponseRedirect(self.webhook_url)


class WebhookAction(OneWebhook, ActionView):
    """Something that is done to it, after a question."""

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """To which, and what waits for it."""
        webhook = self.webhook
        return (
            ("URL", webhook.url or ""),
            (_("Waiting"), queued([webhook.pk])[webhook.pk]),
        )

    def get_next_url(self) -> str:
        """Its page."""
        return self.webhook_url

    def do(self) -> str:
        """Do it, and say so; `Refused` if it cannot be."""
        raise NotImplementedError

    def act(self) -> str:
        """Do it, or say why not."""
        try:
            return self.do()
        except Refused as refused:
            raise ActionRefused(said(refused.sentence)) from refused


class FlushView(WebhookAction):
    """What `manage.py flush --webhook` does."""

    title = _("Flush now")
    permission = "webhooks.flush_webhook"
    button = _("Flush now")

    def question(self) -> str:
        """What it does."""
        return _now(
            "Send what waits now, with fresh counters, instead of at the flusher's "
            "next execution?"
        )

    def do(self) -> str:
        """Begin an execution of it alone."""
        if flush(self.webhook.pk) is None:
            return _now("An execution began a moment ago: it sends what is unsent.")
        return _now("What is unsent is sent again now.")


class DisableView(WebhookAction):
    """What `DELETE /webhooks/{id}` does."""

    title = _("Disable")
    permission = "webhooks.delete_webhook"
    button = _("Disable it")
    is_dangerous = True

    def question(self) -> str:
        """What goes with it."""
        return _now(
            "Disable this webhook? It is told of nothing from now on, and what waits "
            "for it is cancelled for good."
        )

    def do(self) -> str:
        """Softly: it stays, and may be enabled again."""
        delete_webhook(self.webhook.pk)
        return _now("The webhook is disabled.")


class EnableView(WebhookAction):
    """What `PUT /webhooks/{id}` does with `deleted` null."""

    title = _("Enable")
    permission = "webhooks.restore_webhook"
    button = _("Enable it")

    def question(self) -> str:
        """What it does, and what not."""
        return _now(
            "Enable this webhook again, for events to come? What was cancelled stays "
            "cancelled."
        )

    def do(self) -> str:
        """For events to come."""
        restore_webhook(self.webhook.pk)
        return _now("The webhook is enabled.")
