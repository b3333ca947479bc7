"""Erasing a person, deleted or not: asked twice, for nothing brings it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.audit.models import REASON_CHARACTERS
from apps.webhooks.console.forms import FormView
from apps.webhooks.console.platform.users import OneUser
from apps.webhooks.erasure import what_is_known
from apps.webhooks.users import erase_user


class EraseForm(forms.Form):
    """The user's number once more, and why."""

    number = forms.CharField(widget=forms.TextInput({"autocomplete": "off"}))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_CHARACTERS,
        help_text=_("Kept in the audit trail: a reference, and nothing of the person."),
    )

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = str(number)
        label = _("Type %(id)d, the number of the user, to confirm")
        self.fields["number"].label = label % {"id": number}

    def clean_number(self) -> str:
        """Whoever is on the wrong page is stopped here."""
        number: str = self.cleaned_data["number"]
        if number != self.expected:
            sentence = _now("This is not the number of the user; nothing is erased.")
            raise forms.ValidationError(sentence)
        return number


class EraseUserView(OneUser, FormView):
    """As `manage.py forget_user` and `DELETE /users/{id}?erase=1`."""

    title = _("Erase this person")
    permission = "event_log.delete_enduser"
    template_name = "console/erase.html"
    button = _("Erase this person")
    is_dangerous = True

    def get_form(self, data: Any = None) -> forms.Form:
        """For this user's number."""
        return EraseForm(data, number=self.user.pk)

    def get_cancel_url(self) -> str:
        """Its page, before and after."""
        return self.own_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How much there is."""
        known = what_is_known(self.user.pk)
        return super().get_context_data(**kwargs) | {"known": known}

    def done(self, form: forms.Form) -> HttpResponse:
        """For good; says what is gone."""
        known = what_is_known(self.user.pk)
        erase_user(self.user.pk, reason=form.cleaned_data["reason"])
        messages.success(self.request, _said(self.user.pk, known))
        return HttpResponseRedirect(self.get_cancel_url())


def _said(number: int, known: dict[str, int]) -> str:
    """As the command says it."""
    events = ngettext("%(n)d event", "%(n)d events", known["events"])
    unsent = ngettext(
        "%(n)d unsent delivery", "%(n)d unsent deliveries", known["unsent"]
    )
    answers = ngettext(
        "%(n)d answer of a receiver", "%(n)d answers of receivers", known["answers"]
    )
    return _now("User %(id)d is erased: %(events)s, %(unsent)s, %(answers)s.") % {
        "id": number,
        "events": events % {"n": known["events"]},
        "unsent": unsent % {"n": known["unsent"]},
        "answers": answers % {"n": known["answers"]},
    }
