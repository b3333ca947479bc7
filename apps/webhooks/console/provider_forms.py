"""The forms of auth providers; what is allowed is decided where the API does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.oauth_config import GRANT_TYPE, LONGEST_CREDENTIAL
from apps.auth_providers.providers import NAME_CHARACTERS
from apps.auth_providers.refusal import Refused
from apps.webhooks.console.forms import SecretInput, SecretText
from apps.webhooks.console.refusals import said

_CONFIG: Final = ("public_cert", "private_cert", "client_secret", "client_id", "url")
_PEM: Final = "-----BEGIN CERTIFICATE-----"


class ProviderForm(forms.Form):
    """What every provider has."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_CHARACTERS,
        help_text=_("Webhooks may refer to the provider by it."),
    )

    def config(self) -> dict[str, Any]:
        """What it configures, by the contract's names."""
        raise NotImplementedError

    def refuse(self, refused: Refused) -> None:
        """One sentence, at the field that is to blame."""
        sentence = refused.sentence
        blamed = [name for name in _CONFIG if name in sentence.lower()]
        field = refused.field if refused.field in self.fields else None
        if field is None and blamed and blamed[0] in self.fields:
            field = blamed[0]
        self.add_error(field, said(sentence))


class HmacForm(ProviderForm):
    """A provider that signs."""

    send_user_token = forms.BooleanField(
        label=_("Send the user's token as well"),
        required=False,
        help_text=_(
            "The header Authorization then carries the token of the user that the "
            "event is about, beside the signature."
        ),
    )

    def config(self) -> dict[str, Any]:
        """The secret is made by the service."""
        return {"send_user_token": self.cleaned_data["send_user_token"]}


class OAuthForm(ProviderForm):
    """A provider that asks a token server, for the first time."""

    url = forms.CharField(
        label=_("Token endpoint"),
        widget=forms.URLInput({"placeholder": "https://"}),
        help_text=_("Where tokens are asked for, by client_credentials."),
    )
    client_id = forms.CharField(label="client_id", max_length=LONGEST_CREDENTIAL)
    client_secret = forms.CharField(
        label="client_secret", max_length=LONGEST_CREDENTIAL, widget=SecretInput
    )
    public_cert = forms.CharField(
        label=_("Client certificate"),
        required=False,
        widget=forms.Textarea({"rows": 6, "placeholder": _PEM, "spellcheck": "false"}),
        help_text=_(
            "PEM, if the token server asks for one. Those of its authorities may "
            "follow it."
        ),
    )
    private_cert = forms.CharField(
        label=_("Its private key"),
        required=False,
        widget=SecretText,
        help_text=_("PEM without a password. It is sealed, and never shown again."),
    )

    def config(self) -> dict[str, Any]:
        """The fields that have something in them."""
        given = {name: self.cleaned_data[name] for name in _CONFIG}
        return {name: text for name, text in given.items() if text} | {
            "grant_type": GRANT_TYPE
        }


class OAuthChangeForm(OAuthForm):
    """The same of one that there is: what is left empty stays as it is."""

    without_certificate = forms.BooleanField(
        label=_("Take the client certificate away"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secret = self.fields["client_secret"]
        secret.required = False
        secret.help_text = _("Left empty, it stays as it is.")
        certificate = self.fields["public_cert"]
        certificate.help_text = _("PEM. Left empty, it stays as it is.")

    def config(self) -> dict[str, Any]:
        """With null for a pair that is to go."""
        gone = self.cleaned_data["without_certificate"]
        return super().config() | (
            dict.fromkeys(("public_cert", "private_cert")) if gone else {}
        )


class RotationForm(forms.Form):
    """When another secret comes into force."""

    HOURS: Final = {"hour": 1, "day": 24, "week": 7 * 24}

    when = forms.ChoiceField(
        label=_("The new secret signs"),
        widget=forms.RadioSelect,
        choices=[
            ("day", _("from tomorrow on, 24 hours from now (recommended)")),
            ("hour", _("in an hour")),
            ("week", _("in a week")),
            ("at", _("from this instant on:")),
            ("now", _("at once: receivers that do not know it refuse what comes")),
        ],
    )
    at = forms.DateTimeField(
        label=_("Instant (UTC)"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
    )
    # The secret that whoever asks has seen in force: a form that is sent twice makes
    # one secret, not two of which the first is lost.
    seal = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any] | None:
        """An instant where one is asked for, and one that is to come."""
        cleaned = super().clean()
        if self.cleaned_data.get("when") == "at" and "at" not in self.errors:
            at = self.cleaned_data.get("at")
            if at is None:
                self.add_error("at", _now("Give the instant."))
            elif at <= timezone.now():
                self.add_error("at", _now("This instant is past."))
        return cleaned

    def moment(self) -> datetime | None:
        """None: at once."""
        chosen = self.cleaned_data["when"]
        if chosen in self.HOURS:
            return timezone.now() + timedelta(hours=self.HOURS[chosen])
        at: datetime | None = self.cleaned_data["at"]
        return at if chosen == "at" else None


FORMS: Final[dict[str, type[ProviderForm]]] = {
    AuthProvider.Type.HMAC_SIGNATURE: HmacForm,
    AuthProvider.Type.OAUTH: OAuthForm,
}
CHANGE_FORMS: Final[dict[str, type[ProviderForm]]] = {
    AuthProvider.Type.HMAC_SIGNATURE: HmacForm,
    AuthProvider.Type.OAUTH: OAuthChangeForm,
}
