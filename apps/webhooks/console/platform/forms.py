"""What a new connection of the sandbox is to play."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.connections.connectors.sandbox import MAX_TRANSACTIONS
from apps.connections.connectors.sandbox_tables import ACCOUNTS
from apps.connections.plugin import connector

# States of the contract that show how a platform handles what goes wrong.
OUTCOMES = (
    ("ada", _("It succeeds")),
    ("SCARequired", "SCARequired"),
    ("webauthRequired", "webauthRequired"),
    ("wrongpass", "wrongpass"),
    ("passwordExpired", "passwordExpired"),
    ("websiteUnavailable", "websiteUnavailable"),
    ("bug", "bug"),
)


class ConnectForm(forms.Form):
    """The parameters of `POST /users/{id}/connections`, with the sandbox's names."""

    id_connector = forms.TypedChoiceField(label=_("Bank"), coerce=int)
    login = forms.ChoiceField(label=_("How it ends"), choices=OUTCOMES)
    accounts = forms.IntegerField(
        label=_("Accounts"), min_value=1, max_value=len(ACCOUNTS), initial=2
    )
    transactions = forms.IntegerField(
        label=_("Transactions"), min_value=0, max_value=MAX_TRANSACTIONS, initial=20
    )
    activate = forms.BooleanField(
        label=_("Enable what is found"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        banks = self.fields["id_connector"]
        assert isinstance(banks, forms.TypedChoiceField)
        banks.choices = [
            (profile["id"], profile["name"]) for profile in connector().profiles
        ]

    def parameters(self) -> dict[str, Any]:
        """For `connect`; counts are credentials, which are text."""
        data = self.cleaned_data
        counts = {name: str(data[name]) for name in ("accounts", "transactions")}
        return {
            "id_connector": data["id_connector"],
            "login": data["login"],
            "activate": data["activate"],
            **counts,
        }
