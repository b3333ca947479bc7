"""Who takes part: somebody at the console, a caller of the API, three webhooks."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from apps.api_tokens.models import ApiToken, Scope, issue, revoke
from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import create_provider
from apps.receiver.server import Receiver
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import create_webhook

PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A way into the console, with a password that is made at each start."""

    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The demo's webhooks; `tokens` are what the receiver expects at a path."""

    created: Webhook
    synced: Webhook
    payments: Webhook
    tokens: MutableMapping[str, str]

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        """In the order in which the story needs them."""
        return self.created, self.synced, self.payments


def path_of(event: str) -> str:
    """Where the demo's receiver expects an event: the URL is what names it."""
    return "/" + event.lower().replace("_", "-")


def register(receiver: Receiver, tokens: MutableMapping[str, str]) -> Cast:
    """One webhook by the user's token and two signed, all to this receiver."""
    provider, secret = create_provider("hmac_signature", "demo")

    def webhook(event: str, **fields: object) -> Webhook:
        return create_webhook(event=event, url=receiver.url(path_of(event)), **fields)

    for event in ("CONNECTION_SYNCED", "PAYMENT_STATE_UPDATED"):
        receiver.trust(path_of(event), secret["secret_key"])
    return Cast(
        created=webhook("USER_CREATED"),
        synced=webhook("CONNECTION_SYNCED", id_auth=provider.pk, compression=True),
        payments=webhook("PAYMENT_STATE_UPDATED", id_auth=provider.pk),
        tokens=tokens,
    )


def open_console(name: str) -> Account:
    """A superuser of this name, with a new random password."""
    users = get_user_model()
    user, _ = users.objects.get_or_create(username=name)
    account = Account(name=name, password=secrets.token_urlsafe(PASSWORD_BYTES))
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(account.password)
    user.save()
    return account


def open_api(name: str) -> str:
    """A new token for everything, instead of the one of the last start."""
    revoke(ApiToken.objects.filter(name=name))
    _, text = issue(name, list(Scope))
    return text


def provider_secret(name: str) -> str:
    """The secret of the provider of this name, which is made if there is none."""
    provider = AuthProvider.objects.filter(name=name).first()
    if provider is not None:
        return str(provider.settings["secret_key"])
    _, secret = create_provider("hmac_signature", name)
    return str(secret["secret_key"])
