"""Pausing a webhook and resuming it: what the API and the commands do, on two pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.fields import moment_field
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.overview import queued
from apps.webhooks.console.refusals import said
from apps.webhooks.console.tags import ABSENT
from apps.webhooks.console.webhooks.actions import WebhookAction
from apps.webhooks.pauses import NOTE_CHARACTERS, pause_webhook, resume_webhook
from apps.webhooks.registrations import Refused

PERMISSION: Final = "webhooks.pause_webhook"


class PauseForm(forms.Form):
    """Until when, and why."""

    until = moment_field(_("Until (UTC)"))
    until.help_text = _("Left empty: until somebody resumes it.")
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_CHARACTERS,
        help_text=_("For whoever wonders why nothing arrives."),
    )


class PauseView(OneWebhook, FormView):
    """The form is the question; sent again, it changes the end and the note."""

    title = _("Pause")
    permission = PERMISSION
    form_class = PauseForm
    template_name = "console/pause.html"
    button = _("Pause it")

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        webhook = self.webhook
        return {"until": webhook.paused_until, "note": webhook.pause_note}

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.webhook_url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What waits for it already."""
        waiting = queued([self.webhook.pk])[self.webhook.pk]
        return super().get_context_data(**kwargs) | {"waiting": waiting}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Pause it, unless something is refused."""
        data = form.cleaned_data
        try:
            pause_webhook(
                self.webhook.pk,
                actor=f"console:{self.request.user.get_username()}",
                until=data["until"],
                note=data["note"],
            )
        except Refused as why:
            field = why.field if why.field in form.fields else NON_FIELD_ERRORS
            form.add_error(field, said(why.sentence))
            return None
        messages.success(self.request, _now("The webhook is paused; its data is kept."))
        return HttpResponseRedirect(self.webhook_url)


class ResumeView(WebhookAction):
    """What `POST /webhooks/{id}/resume` does."""

    title = _("Resume")
    permission = PERMISSION
    button = _("Resume it")

    def question(self) -> str:
        """What it does."""
        return _now(
            "Resume this webhook? What has gathered goes out: one request at first, "
            "and one more at a time with each success."
        )

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """What waits, and why it does."""
        webhook = self.webhook
        return (
            *super().consequences(),
            (_("Paused since"), _written(webhook.paused_at)),
            (_("Paused by"), webhook.paused_by or ABSENT),
            (_("Until (UTC)"), _written(webhook.paused_until)),
            (_("Note"), webhook.pause_note or ABSENT),
        )

    def do(self) -> str:
        """Resume it."""
        resume_webhook(self.webhook.pk)
        return _now("The webhook is resumed.")


def _written(moment: datetime | None) -> str:
    if moment is None:
        return ABSENT
    return formats.date_format(moment.astimezone(UTC), "DATETIME_FORMAT")
