"""How auth providers are now: what signs, what is due, what is about to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.auth_providers.oauth_config import EXPIRY_NOTICE, certificate_expiry
from apps.encryption.keyring import KeyringError
from apps.webhooks.causes import Plain
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.token_errors import explain_token_error

TYPE_BADGES: Final = {
    AuthProvider.Type.HMAC_SIGNATURE: Badge(_lazy("HMAC signature"), Tone.QUIET),
    AuthProvider.Type.OAUTH: Badge("OAuth 2.0", Tone.QUIET),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """One provider without its secrets.

    `rotates_at`: another secret comes into force then. `failure`: why there is no
    token, None if there is one or none was asked for.
    """

    provider: AuthProvider
    badge: Badge
    is_open: bool = True
    sends_user_token: bool = False
    rotates_at: datetime | None = None
    url: str = ""
    client_id: str = ""
    certificate_ends: datetime | None = None
    certificate_warning: str = ""
    token: OAuthToken | None = None
    failure: Plain | None = None

    @property
    def kind(self) -> Badge:
        """Its type."""
        return TYPE_BADGES[AuthProvider.Type(self.provider.type)]


def state_of(provider: AuthProvider) -> ProviderState:
    """Of a row of `provider_rows`."""
    try:
        config = provider.settings
    except KeyringError:
        badge = Badge(_("Does not open"), Tone.BAD)
        return ProviderState(provider=provider, badge=badge, is_open=False)
    if provider.type == AuthProvider.Type.OAUTH:
        return _of_oauth(provider, config)
    return _of_hmac(provider, config)


def _of_hmac(provider: AuthProvider, config: Mapping[str, Any]) -> ProviderState:
    since = config.get("next_from")
    due = datetime.fromisoformat(since) if since else None
    if due is not None and due <= timezone.now():
        due = None
    badge = (
        Badge(_("Rotation is due"), Tone.BUSY) if due else Badge(_("Ready"), Tone.GOOD)
    )
    return ProviderState(
        provider=provider,
        badge=badge,
        sends_user_token=config.get("send_user_token") is True,
        rotates_at=due,
    )


def _of_oauth(provider: AuthProvider, config: Mapping[str, Any]) -> ProviderState:
    token = provider.token
    ends = certificate_expiry(provider)
    warning = _warning(ends)
    failing = token.state == OAuthToken.State.FAILING
    badge = Badge(_("Ready"), Tone.GOOD)
    if warning:
        badge = Badge(_("Certificate"), Tone.WARNING)
    if failing:
        badge = Badge(_("No token"), Tone.BAD)
    elif not token.serial and not warning:
        badge = Badge(_("Not asked yet"), Tone.QUIET)
    return ProviderState(
        provider=provider,
        badge=badge,
        url=config.get("url", ""),
        client_id=config.get("client_id", ""),
        certificate_ends=ends,
        certificate_warning=warning,
        token=token,
        failure=explain_token_error(token.last_error) if failing else None,
    )


def _warning(ends: datetime | None) -> str:
    """30 days before a certificate expires, and afterwards."""
    now = timezone.now()
    if ends is None or ends - now > EXPIRY_NOTICE:
        return ""
    if ends <= now:
        return _("The client certificate has expired: the token server refuses it.")
    return _(
        "The client certificate expires soon. Give the provider another pair before."
    )
