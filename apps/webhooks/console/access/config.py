"""The configuration: its keys, changed as by `/config`, and the environment's settings.

Whoever sees webhooks may know by what rules they are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.configuration.keys import CA_CERT, KEYS, InvalidValue, Key
from apps.configuration.models import ConfigEntry, ConfigLog
from apps.configuration.store import change, current
from apps.webhooks.console.access.config_words import SETTINGS, meaning, refusal, rule
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.paging import CappedPaginator
from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.views import ConsoleView, Crumb

VIEW: Final = "configuration.view_configentry"
CHANGE: Final = "configuration.change_configentry"


class Line(NamedTuple):
    """A key as it is read; `changed_at` is None at its default."""

    key: Key
    meaning: str
    value: str
    changed_at: datetime | None


class Change(NamedTuple):
    """What somebody changed, and when."""

    entry: ConfigLog
    before: str
    after: str


class ConfigView(ConsoleView):
    """All keys, the last changes, and the settings of the environment."""

    title = _("Configuration")
    permission = VIEW
    template_name = "console/config.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """As they are in the database now."""
        values = current()
        changed = dict(ConfigEntry.objects.values_list("key", "updated_at"))
        logs = CappedPaginator(ConfigLog.objects.order_by("-pk"))
        page = logs.get_page(self.request.GET.get("page"))
        return super().get_context_data(**kwargs) | {
            "lines": [
                Line(key, meaning(key), shown(key, values[name]), changed.get(name))
                for name, key in KEYS.items()
            ],
            "page": page,
            "changes": [
                Change(entry, _of(entry, False), _of(entry, True)) for entry in page
            ],
            "settings": [
                (name, words, _setting(getattr(settings, name)))
                for name, words in SETTINGS
            ],
        }


class ChangeConfigView(FormView):
    """One key."""

    permission = CHANGE
    template_name = "console/config_change.html"

    @cached_property
    def key(self) -> Key:
        """404 for another, and for one that has but one value."""
        key = KEYS.get(self.kwargs["key"])
        if key is None or key.is_fixed:
            raise Http404
        return key

    def get_title(self) -> str:
        """By the name of the API."""
        return self.key.name

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of all keys."""
        return (Crumb(ConfigView.title, self.get_cancel_url()),)

    def get_cancel_url(self) -> str:
        """All keys."""
        return reverse("admin:config")

    def get_form(self, data: Any = None) -> forms.Form:
        """A choice for a flag, else text; its rule is checked where the API does."""
        value = current()[self.key.name]
        return ConfigForm(data, initial={"value": value}, key=self.key)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        return super().get_context_data(**kwargs) | {"meaning": meaning(self.key)}

    def done(self, form: forms.Form) -> HttpResponse | None:
        """As `POST /config`."""
        given = form.cleaned_data
        value = None if given["is_default"] else given["value"]
        try:
            change({self.key.name: value}, actor=f"operator {self.request.user.pk}")
        except InvalidValue:
            form.add_error("value", refusal(self.key))
            return None
        said = _now("%(key)s is changed. Every process knows within a second.")
        messages.success(self.request, said % {"key": self.key.name})
        return HttpResponseRedirect(self.get_cancel_url())


class ConfigForm(forms.Form):
    """A key's value, or its default."""

    value = forms.CharField(label=_("Value"), required=False)
    is_default = forms.BooleanField(required=False)

    def __init__(self, *args: Any, key: Key, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if key.is_flag:
            choices = [("1", _("yes")), ("0", _("no"))]
            self.fields["value"] = forms.ChoiceField(
                label=_("Value"), choices=choices, widget=forms.RadioSelect
            )
        else:
            self.fields["value"].help_text = rule(key)
        if key.name == CA_CERT:
            pem = forms.Textarea({"rows": 10, "spellcheck": "false"})
            self.fields["value"].widget = pem
        self.fields["is_default"].label = _("Back to the default: %(value)s") % {
            "value": shown(key, key.default)
        }


def shown(key: Key, value: str) -> str:
    """A value as people read it."""
    if key.is_flag or key.is_fixed:
        return str(_("yes") if value == "1" else _("no"))
    if key.name == CA_CERT and value:
        return _now("certificates: %(n)d") % {"n": value.count("BEGIN CERTIFICATE")}
    return value or str(_("nothing"))


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str(value) or str(_("nothing"))


def _of(entry: ConfigLog, after: bool) -> str:
    """A value before or after a change; none: the default."""
    key = KEYS.get(entry.key)
    value = entry.new_value if after else entry.previous_value
    if value is None:
        return str(_("default"))
    return value if key is None else shown(key, value)


SCREEN: Final = Screen(
    title=_("Configuration"),
    url_name="admin:config",
    permission=VIEW,
    group=Group.SYSTEM,
    icon="sliders",
    pages=(
        Page(route="config/", name="config", view=ConfigView),
        Page(route="config/<str:key>/", name="config_change", view=ChangeConfigView),
    ),
)
