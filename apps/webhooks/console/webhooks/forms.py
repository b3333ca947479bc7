"""The form of a webhook; what is allowed in it is decided where the API does."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.console.fields import MAX_ID
from apps.webhooks.console.refusals import said
from apps.webhooks.models import Webhook
from apps.webhooks.registration_fields import MAX_DEADLINE, MAX_IN_FLIGHT
from apps.webhooks.registrations import Refused

# More are chosen from by hand, in the API.
PROVIDERS: Final = 500
_COMPRESSION: Final = {"": None, "on": True, "off": False}


class WebhookForm(forms.Form):
    """What a registration has, by the contract's names."""

    event = forms.ChoiceField(label=_("Event"), help_text=_("One webhook, one event."))
    url = forms.CharField(
        label="URL",
        required=False,
        widget=forms.TextInput(
            {"placeholder": "https://", "inputmode": "url", "spellcheck": "false"}
        ),
        help_text=_("Where the event is told. Until there is one, nothing is sent."),
    )
    id_auth = forms.ChoiceField(
        label=_("Auth provider"),
        required=False,
        help_text=_("How deliveries prove who sends them."),
    )
    id_user = forms.IntegerField(
        label=_("Of one user only, by id"),
        required=False,
        min_value=1,
        max_value=MAX_ID,
        help_text=_("Empty: the events of all users."),
    )
    compression = forms.ChoiceField(
        label=_("Compression"),
        required=False,
        choices=[
            ("", _("As configured")),
            ("on", _("gzip the bodies")),
            ("off", _("Send bodies as they are")),
        ],
    )
    deadline = forms.IntegerField(
        label=_("Deadline"),
        required=False,
        min_value=1,
        max_value=MAX_DEADLINE,
        help_text=_("Seconds for one whole request; empty: as configured."),
    )
    max_in_flight = forms.IntegerField(
        label=_("Requests at a time, at most"),
        required=False,
        min_value=1,
        max_value=MAX_IN_FLIGHT,
        help_text=_("Empty: as configured."),
    )
    add_to_data = forms.CharField(
        label=_("Added members"),
        required=False,
        widget=forms.Textarea(
            {
                "rows": 3,
                "spellcheck": "false",
                "placeholder": '{"tenant": "crm.id"}',
            }
        ),
        help_text=_(
            "Members to add to the bodies, as a JSON object: each name with the key of "
            "the user's configuration that has the value."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["event"].choices = [(name, name) for name in CATALOGUE]  # type: ignore[attr-defined]
        names = AuthProvider.objects.order_by("name").values_list("pk", "name")
        self.fields["id_auth"].choices = [  # type: ignore[attr-defined]
            ("", _("None: deliveries carry the user's token")),
            *((str(pk), name) for pk, name in names[:PROVIDERS]),
        ]

    def registration(self) -> dict[str, Any]:
        """The fields by the contract's names."""
        data = self.cleaned_data
        return {
            "event": data["event"],
            "url": data["url"] or None,
            "id_auth": int(data["id_auth"]) if data["id_auth"] else None,
            "id_user": data["id_user"],
            "compression": _COMPRESSION[data["compression"]],
            "deadline": data["deadline"],
            "max_in_flight": data["max_in_flight"],
            "add_to_data": data["add_to_data"].strip() or None,
        }

    def refuse(self, refused: Refused) -> None:
        """One sentence, at the field that is to blame."""
        field = refused.field if refused.field in self.fields else None
        self.add_error(field, said(refused.sentence))


class WebhookFilter(forms.Form):
    """There are some thousands at most, so that a part of a URL may be looked for."""

    event = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=[("", _("Any")), *((name, name) for name in CATALOGUE)],
    )
    url = forms.CharField(label=_("URL contains"), required=False, max_length=200)


def initial_of(webhook: Webhook) -> dict[str, Any]:
    """What the form has in it when the webhook is changed."""
    texts = {value: text for text, value in _COMPRESSION.items()}
    added = webhook.add_to_data
    return {
        "event": webhook.event,
        "url": webhook.url,
        "id_auth": webhook.auth_provider_id and str(webhook.auth_provider_id),
        "id_user": webhook.user_id,
        "compression": texts[webhook.compression],
        "deadline": webhook.deadline,
        "max_in_flight": webhook.max_in_flight,
        "add_to_data": json.dumps(added, ensure_ascii=False) if added else "",
    }
