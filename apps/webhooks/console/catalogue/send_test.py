"""The test bench: a sample, or what one makes of it, is sent to a webhook at once.

Nothing of it is kept; what was sent, what came back and where the time went is shown.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled

from apps.auth_providers.refusal import Refused
from apps.event_log.catalogue import CATALOGUE, EventType
from apps.webhooks.causes import explain
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.fields import id_field
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.provider_trial import count_test, too_many
from apps.webhooks.console.refusals import said
from apps.webhooks.console.timings import phases
from apps.webhooks.emit import PayloadTooLarge
from apps.webhooks.formats.cfonb import CfonbError, render
from apps.webhooks.formats.json_body import InvalidJson
from apps.webhooks.schema_check import PayloadInvalid
from apps.webhooks.testing import try_out
from apps.webhooks.trial import Trial

TEST: Final = "webhooks.test_webhook"
_REFUSALS: Final = (InvalidJson, PayloadTooLarge, PayloadInvalid, CfonbError)


class BenchForm(forms.Form):
    """What is told, and of whom."""

    payload = forms.CharField(
        label=_("Payload"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 16, "spellcheck": "false", "class": "code"}),
        help_text=_(
            "The sample of the event: change what you like. id_webhook_data is added "
            "to it on its way."
        ),
    )
    user = id_field(_("User, by id"))

    def __init__(self, *args: Any, entry: EventType, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sample = sample_of(entry)
        self.initial = {"payload": self.sample}
        self.fields["user"].help_text = _(
            "The delivery is about this user, and carries the user's token if the "
            "webhook's deliveries do."
        )
        if not entry.user_scoped:
            del self.fields["user"]

    def clean_payload(self) -> str:
        """Browsers send a text with other line ends."""
        text: str = self.cleaned_data["payload"].replace("\r\n", "\n")
        return text if text.strip() else self.sample

    def given(self) -> bytes | None:
        """A payload of one's own, to the byte; None for the sample as it is."""
        text: str = self.cleaned_data["payload"]
        return None if text == self.sample else text.encode()


class SendTestView(OneWebhook, FormView):
    """GET says what will be sent, and where; POST sends it, and shows the exchange."""

    title = _("Send a test")
    permission = TEST
    template_name = "console/send_test.html"
    button = _("Send a test")

    @property
    def entry(self) -> EventType:
        """The event that the webhook is told."""
        return CATALOGUE[self.webhook.event]

    def get_form(self, data: Any = None) -> forms.Form:
        """With the event's sample."""
        return BenchForm(data, entry=self.entry, label_suffix="")

    def get_cancel_url(self) -> str:
        """Back to the webhook."""
        return self.webhook_url

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it would be as CFONB 120, if it may be that."""
        context = super().get_context_data(**kwargs)
        form = context["form"]
        is_read = form.is_bound and form.is_valid()
        text = form.cleaned_data["payload"] if is_read else form.sample
        try:
            context["cfonb"] = cfonb_of(self.entry, text)
        except CfonbError as why:
            context["no_cfonb"] = str(why)
        return context

    def done(self, form: forms.Form) -> HttpResponse | None:
        """Send it."""
        assert isinstance(form, BenchForm)
        user = form.cleaned_data.get("user")
        try:
            count_test(self.request)
            trial = try_out(self.webhook.pk, payload=form.given(), user_id=user)
        except Throttled:
            form.add_error(None, too_many())
        except Refused as why:
            field = why.field if why.field in form.fields else NON_FIELD_ERRORS
            form.add_error(field, said(why.sentence))
        except _REFUSALS as why:
            form.add_error("payload", said(str(why)))
        else:
            context = self.get_context_data(form=form)
            return self.render_to_response(context | _shown(trial))
        return None


def sample_of(entry: EventType) -> str:
    """As people read it."""
    return json.dumps(entry.sample, ensure_ascii=False, indent=2)


def cfonb_of(entry: EventType, payload: str) -> str | None:
    """A payload as CFONB 120; None for an event that never is. Raises `CfonbError`."""
    return render(entry.name, payload).decode("ascii") if entry.cfonb else None


def _shown(trial: Trial) -> dict[str, Any]:
    status = trial.response.status if trial.response else None
    text, tone = (
        (_now("Not accepted"), Tone.BAD)
        if trial.error
        else (_now("Accepted"), Tone.GOOD)
    )
    return {
        "trial": trial,
        "badge": Badge(text, tone, str(status or "")),
        "plain": explain(trial.outcome, status),
        "phases": phases(trial.timing) if trial.peer else [],
        "seconds": trial.duration,
    }
