"""The filters of the list of deliveries, as they come with its address."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.webhooks.console.badges import of_cause, of_state
from apps.webhooks.console.deliveries.criteria import CAUSES, CLASSES, Criteria
from apps.webhooks.console.fields import id_field, moment_field
from apps.webhooks.models import WebhookData

_State = WebhookData.State
STATE_TITLES: Final[dict[str, str | Promise]] = {
    "failing": of_state(_State.PENDING, attempts=1).text,
    "waiting": _("Waiting"),
    "delivered": of_state(_State.DELIVERED).text,
    "held": of_state(_State.HELD).text,
    "cancelled": of_state(_State.CANCELLED).text,
    "quarantined": of_state(_State.QUARANTINED).text,
    "planned": of_state(_State.PLANNED).text,
}
_ANY: Final = ("", _("Any"))
_OUTCOMES: Final = [
    *((name, _("Status %(class)s") % {"class": name}) for name in CLASSES),
    *((name, of_cause(name).text) for name in CAUSES),
]


class FilterForm(forms.Form):
    """What is not valid restricts nothing, and is said at its field."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[_ANY, *STATE_TITLES.items()]
    )
    event = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=[_ANY, *((name, name) for name in CATALOGUE)],
    )
    outcome = forms.ChoiceField(
        label=_("An attempt ended with"), required=False, choices=[_ANY, *_OUTCOMES]
    )
    origin = forms.ChoiceField(
        label=_("Origin"), required=False, choices=[_ANY, *Event.Origin.choices]
    )
    webhook = id_field(_("Webhook, by id"))
    user = id_field(_("User, by id"))
    since = moment_field(_("From (UTC)"))
    until = moment_field(_("Until (UTC)"))
    # By links alone.
    of_event = id_field("", hidden=True)
    status = forms.IntegerField(
        required=False, min_value=100, max_value=599, widget=forms.HiddenInput()
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="filter-%s", label_suffix="")

    def criteria(self) -> Criteria:
        """Those that are valid."""
        self.is_valid()
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "")
        }
        return Criteria(**given)

    def restricting(self) -> list[tuple[str, str]]:
        """Names and values of the filters that hold, for people."""
        return [
            (str(field.label or _HIDDEN[field.name]), _text(field))
            for field in self
            if self.cleaned_data.get(field.name) not in (None, "")
        ]


_HIDDEN: Final = {"of_event": _("Event, by id"), "status": _("Status")}


def _text(field: forms.BoundField) -> str:
    """What was chosen, as the reader chose it."""
    value = field.value()
    choices: Any = getattr(field.field, "choices", ())
    return str(dict(choices).get(value, value))
