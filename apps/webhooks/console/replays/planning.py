"""What is sent on somebody's word: counted first, and begun once that has been seen."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.webhooks.console.fields import moment_field
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.replays.orders import STATE_TITLES, order_of, refusal
from apps.webhooks.console.tags import grouped
from apps.webhooks.models import Replay
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.plan import DEFAULT_RATE, LEAST_RATE, MOST_RATE, Plan
from apps.webhooks.replays import Order


class OrderForm(forms.Form):
    """From when to when, how fast, and why."""

    since = moment_field(_("From (UTC)"))
    until = moment_field(_("Until (UTC)"))
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

    def order(self, user: User | AnonymousUser) -> Order:
        """Somebody of the staff wants it."""
        data: dict[str, Any] = self.cleaned_data
        return order_of(user, reason=data["reason"], rate=data["rate"])


class StatesForm(OrderForm):
    """Deliveries in some states."""

    states = forms.MultipleChoiceField(
        label=_("Deliveries that are"),
        choices=list(STATE_TITLES.items()),
        widget=forms.CheckboxSelectMultiple,
    )


class PlanningView(FormView):
    """A form for a replay: its first button counts, the one beside the count begins.

    Set `lead`, what the page is for; say what is chosen in `planned` and `begun`.
    """

    permission = "webhooks.add_replay"
    template_name = "console/recover.html"
    button = _("Count them first")
    lead: ClassVar[str | Promise]

    def planned(self, form: Any) -> Plan:
        """How much it would be; raises `Refused`."""
        raise NotImplementedError

    def begun(self, form: Any, order: Order) -> Replay:
        """Begin it; raises `Refused`."""
        raise NotImplementedError

    def question(self, count: int) -> str:
        """Asked above the count."""
        text = ngettext(
            "Send %(shown)s delivery again?", "Send %(shown)s deliveries again?", count
        )
        return text % {"shown": grouped(count)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it is for."""
        return super().get_context_data(**kwargs) | {"lead": self.lead}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """The count; the replay, once that has been seen."""
        assert isinstance(form, OrderForm)
        try:
            if "begin" not in self.request.POST:
                return self._preview(form)
            replay = self.begun(form, form.order(self.request.user))
        except Refused as refused:
            form.add_error(None, refusal(refused))
            return None
        return HttpResponseRedirect(reverse("admin:replay", args=[replay.pk]))

    def _preview(self, form: OrderForm) -> HttpResponse | None:
        planned = self.planned(form)
        if not planned.count:
            sentence = _now("There is nothing to send from then on in these states.")
            form.add_error(None, sentence)
            return None
        context = self.get_context_data(form=form) | {
            "plan": planned,
            "question": self.question(planned.count),
            "seconds": planned.seconds(form.cleaned_data["rate"]),
        }
        return self.render_to_response(context)
