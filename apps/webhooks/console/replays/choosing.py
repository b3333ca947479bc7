"""A replay of whatever is chosen, over all webhooks: what `POST /replays` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.console.fields import MAX_ID, id_field
from apps.webhooks.console.replays.planning import PlanningView, StatesForm
from apps.webhooks.console.views import Crumb
from apps.webhooks.models import Replay
from apps.webhooks.replay.filters import DEFAULT_STATES, MOST_IDS, Filters
from apps.webhooks.replay.plan import DEFAULT_RATE, Plan, plan
from apps.webhooks.replays import Order, check_filters, start_replay

_BETWEEN: Final = re.compile(r"[\s,;#]+")


class ReplayForm(StatesForm):
    """All that is given must hold."""

    webhook = id_field(_("Webhook"))
    event = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=[("", _("Any")), *((name, name) for name in CATALOGUE)],
    )
    user = id_field(_("User"))
    connection = id_field(_("Connection"))
    ids = forms.CharField(
        label=_("Deliveries"),
        required=False,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
        help_text=_("Values of id_webhook_data; without any, all of them."),
    )
    field_order = (
        "states", "webhook", "event", "user", "connection", "ids", "since", "until",
        "rate", "reason",
    )  # fmt: skip

    def clean_ids(self) -> tuple[int, ...]:
        """As numbers."""
        words = [word for word in _BETWEEN.split(self.cleaned_data["ids"]) if word]
        if len(words) > MOST_IDS:
            raise forms.ValidationError(
                _now("At most %(most)d at a time.") % {"most": MOST_IDS}
            )
        if not all(word.isdecimal() and 0 < int(word) <= MAX_ID for word in words):
            raise forms.ValidationError(_now("Numbers with spaces between them."))
        return tuple(map(int, words))

    def filters(self) -> Filters:
        """What is chosen."""
        data: dict[str, Any] = self.cleaned_data
        return Filters(
            webhook=data["webhook"],
            event=data["event"] or None,
            user=data["user"],
            connection=data["connection"],
            states=tuple(data["states"]),
            since=data["since"],
            until=data["until"],
            ids=data["ids"],
        )


class NewReplayView(PlanningView):
    """Counted, then begun."""

    title = _("New replay")
    form_class = ReplayForm
    lead = _(
        "Deliveries of any webhooks are sent again, at a pace that you choose: those "
        "that meet all that is given. Nothing is sent before you have seen how much "
        "it is."
    )

    def get_initial(self) -> dict[str, Any]:
        """What has not been accepted."""
        return {"states": DEFAULT_STATES, "rate": DEFAULT_RATE}

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (Crumb(_("Replays"), self.get_cancel_url()),)

    def get_cancel_url(self) -> str:
        """The list."""
        return reverse("admin:replays")

    def planned(self, form: Any) -> Plan:
        """Of what is chosen now."""
        filters = form.filters()
        check_filters(filters)
        return plan(filters)

    def begun(self, form: Any, order: Order) -> Replay:
        """Of what is chosen now."""
        return start_replay(form.filters(), order)
