"""The forms of API tokens; what is issued is issued by the function of the command."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.models import NAME_CHARACTERS, Scope

_SCOPES: Final = (
    (Scope.EMIT, _("emit: send events, and nothing else")),
    (Scope.CONFIG, _("config: webhooks, auth providers, configuration, deliveries")),
    (Scope.USERS, _("users: see end users, and delete them")),
)


class IssueForm(forms.Form):
    """A new token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_CHARACTERS,
        help_text=_("Whom it is for: it is how the list and the audit trail call it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it allows"),
        widget=forms.CheckboxSelectMultiple,
        choices=_SCOPES,
        help_text=_(
            "As little as will do: an application that emits needs emit alone."
        ),
    )
    days = forms.TypedChoiceField(
        label=_("It expires"),
        widget=forms.RadioSelect,
        coerce=int,
        choices=[
            (90, _("in 90 days (recommended): rotate it before")),
            (30, _("in 30 days")),
            (365, _("in a year")),
            (0, _("never")),
        ],
    )

    def clean_name(self) -> str:
        """Nothing that would make a list unreadable."""
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError(_("Only characters that can be printed."))
        return name

    def expires_at(self) -> datetime | None:
        """None: never."""
        days: int = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class RotateForm(forms.Form):
    """Another token like it, and how long both are good."""

    hours = forms.TypedChoiceField(
        label=_("The present token is good"),
        widget=forms.RadioSelect,
        coerce=int,
        choices=[
            (24, _("for another day (recommended)")),
            (1, _("for another hour")),
            (7 * 24, _("for another week")),
            (0, _("not any more: whoever calls with it is refused at once")),
        ],
    )
    # Of a form that is sent twice the first token would be lost.
    seal = forms.CharField(widget=forms.HiddenInput, required=False)

    def overlap(self) -> timedelta:
        """How long both are good."""
        return timedelta(hours=self.cleaned_data["hours"])
