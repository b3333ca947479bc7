"""What the operator lets the service call, from the settings."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from apps.outbound.addresses import AddressPolicy, parse_networks
from apps.outbound.urls import UrlPolicy

# On a machine of one's own receivers have them as well.
_EVERYBODYS: Final = frozenset({"localhost", "127.0.0.1", "::1", "*", ""})


def address_policy() -> AddressPolicy:
    """Which addresses may be dialled."""
    return AddressPolicy(allowed=parse_networks(settings.WEBHOOKS_ALLOWED_NETWORKS))


def url_policy() -> UrlPolicy:
    """Which URLs may be registered, of webhooks and of token servers alike."""
    return UrlPolicy(
        addresses=address_policy(),
        allow_http=settings.WEBHOOKS_ALLOW_HTTP,
        denied_hosts=frozenset(map(_name, settings.ALLOWED_HOSTS)) - _EVERYBODYS,
    )


def _name(allowed: str) -> str:
    """Of `.example.com`, which stands for names below it too, the name alone: those
    may be of others."""
    return allowed.lower().strip(".[]")
