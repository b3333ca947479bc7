"""The signature debugger: what was received goes in, why it does not fit comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.diagnosis import Diagnosis
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.debugging import Inquiry, Unanswerable, answer
from apps.webhooks.console.forms import FormView, SecretInput
from apps.webhooks.console.refusals import said
from apps.webhooks.console.signature_words import words_of
from apps.webhooks.console.views import Crumb

# What Django takes of a form without further ado.
LARGEST: Final = 2 * 1024 * 1024


class DebuggerForm(forms.Form):
    """What was received, and how to tell."""

    headers = forms.CharField(
        label=_("Headers, or the whole request"),
        widget=forms.Textarea({"rows": 9, "spellcheck": "false"}),
        max_length=LARGEST,
        help_text=_(
            "As HTTP, as curl -v prints them, as a curl command, or as JSON. Path and "
            "body are taken from it where they are in it."
        ),
    )
    body = forms.CharField(
        label=_("Body"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
        help_text=_("The raw text that arrived, before anything parsed it."),
    )
    file = forms.FileField(
        label=_("Body as a file"),
        required=False,
        help_text=_("For bytes that cannot be pasted: a compressed body, up to 2 MB."),
    )
    webhook = forms.IntegerField(
        label=_("Webhook"),
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text=_(
            "Its number: its provider's secret is taken here, and its URL is known."
        ),
    )
    delivery = forms.IntegerField(
        label=_("Delivery"),
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text=_(
            "Its id, instead of the webhook: what arrived is compared with what was "
            "sent."
        ),
    )
    secret = forms.CharField(
        label="secret_key",
        required=False,
        strip=False,
        widget=SecretInput,
        help_text=_("For a webhook that is not of this service. It is not kept."),
    )
    target = forms.CharField(
        label=_("Path or URL as received"),
        required=False,
        help_text=_("Left empty: as in the request above, or as registered."),
    )
    received = forms.DateTimeField(
        label=_("Received at (UTC)"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        help_text=_("Left empty: now. A date is fresh for five minutes."),
    )

    def clean_file(self) -> bytes | None:
        """Its bytes."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 2 MB."))
        content: bytes = file.read()
        return content


class DebuggerView(FormView):
    """Changes nothing: POST only because what is pasted is long, and private."""

    title = _("Why a signature does not fit")
    permission = "webhooks.view_webhook"
    template_name = "console/debugger.html"
    button = _("Diagnose")
    form_class = DebuggerForm

    def get_initial(self) -> dict[str, Any]:
        """The webhook or the delivery that a link names."""
        asked = self.request.GET
        return {name: asked.get(name) for name in ("webhook", "delivery")}

    def get_form(self, data: Any = None) -> forms.Form:
        """With the file."""
        files = self.request.FILES if data is not None else None
        return DebuggerForm(data, files, initial=self.get_initial())

    def get_cancel_url(self) -> str:
        """The rule."""
        return reverse("admin:verification")

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the rule."""
        return (Crumb(_("Verification"), reverse("admin:verification")),)

    def done(self, form: forms.Form) -> HttpResponse | None:
        """The diagnosis, above the form as it was sent."""
        inquiry = Inquiry(**form.cleaned_data)
        try:
            found = answer(inquiry, sees_providers=self._may("view_authprovider"))
        except Unanswerable as why:
            form.add_error(why.field, said(why.sentence))
            return None
        # What is signed begins with the body, which may be stored bank data.
        shows_signed = not found.is_stored or self._may_read()
        context = self.get_context_data(form=form) | {
            "found": found,
            "badge": _badge(found.diagnosis),
            "words": [words_of(each.cause) for each in found.diagnosis.findings],
            "shows_signed": shows_signed,
        }
        return self.render_to_response(context)

    def _may(self, codename: str) -> bool:
        return self.request.user.has_perm(f"auth_providers.{codename}")

    def _may_read(self) -> bool:
        return self.request.user.has_perm("webhooks.view_payload")


def _badge(diagnosis: Diagnosis) -> Badge:
    return {
        "valid": Badge(_("Genuine"), Tone.GOOD),
        "invalid": Badge(_("Does not fit"), Tone.BAD),
        "unchecked": Badge(_("Not checked"), Tone.WARNING),
    }[diagnosis.verdict]
