"""Recovering what a webhook has not accepted: counted first, and then begun."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.deliveries.forms import moment_field
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.one_webhook import OneWebhook
from apps.webhooks.console.replays.orders import STATE_TITLES, order_of, refusal
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import DEFAULT_STATES, Filters
from apps.webhooks.replay.plan import DEFAULT_RATE, LEAST_RATE, MOST_RATE, plan
from apps.webhooks.replays import check_filters, start_replay

DAY: Final = timedelta(days=1)


class RecoveryForm(forms.Form):
    """What to send again, and how fast."""

    since = moment_field(_("From (UTC)"), required=True)
    until = moment_field(_("Until (UTC)"))
    states = forms.MultipleChoiceField(
        label=_("Deliveries that are"),
        choices=list(STATE_TITLES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    rate = forms.FloatField(
        label=_("Requests a second, at most"),
        min_value=LEAST_RATE,
        max_value=MOST_RATE,
        initial=DEFAULT_RATE,
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("For the record: who reads the audit trail will see it."),
    )

    def filters(self, webhook: int) -> Filters:
        """What is chosen."""
        data: dict[str, Any] = self.cleaned_data
        until: datetime | None = data["until"]
        return Filters(
            webhook=webhook,
            since=data["since"],
            until=until,
            states=tuple(data["states"]),
        )


class RecoverView(OneWebhook, FormView):
    """What `POST /webhooks/{id}/recover` does: with `preview` only counted."""

    title = _("Recover failed since…")
    permission = "webhooks.add_replay"
    template_name = "console/recover.html"
    form_class = RecoveryForm
    button = _("Count them first")

    def get_initial(self) -> dict[str, Any]:
        """The last day, and what has not been accepted."""
        since = (timezone.now() - DAY).replace(second=0, microsecond=0)
        return {"since": since, "states": DEFAULT_STATES, "rate": DEFAULT_RATE}

    def get_cancel_url(self) -> str:
        """Its page."""
        return self.webhook_url

    def done(self, form: forms.Form) -> HttpResponse | None:
        """The count; the replay, once that has been seen."""
        assert isinstance(form, RecoveryForm)
        filters = form.filters(self.webhook.pk)
        try:
            if "begin" not in self.request.POST:
                return self._preview(form, filters)
            order = order_of(
                self.request.user,
                reason=form.cleaned_data["reason"],
                rate=form.cleaned_data["rate"],
            )
            replay = start_replay(filters, order)
        except Refused as refused:
            form.add_error(None, refusal(refused))
            return None
        return HttpResponseRedirect(reverse("admin:replay", args=[replay.pk]))

    def _preview(self, form: RecoveryForm, filters: Filters) -> HttpResponse | None:
        check_filters(filters)
        planned = plan(filters)
        if not planned.count:
            sentence = _now("There is nothing to send from then on in these states.")
            form.add_error(None, sentence)
            return None
        context = self.get_context_data(form=form) | {
            "plan": planned,
            "seconds": planned.seconds(form.cleaned_data["rate"]),
        }
        return self.render_to_response(context)
