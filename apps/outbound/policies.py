"""What the operator lets the service call, from the settings."""

from __future__ import annotations

from django.conf import settings

from apps.outbound.addresses import AddressPolicy, parse_networks
from apps.outbound.urls import UrlPolicy


def address_policy() -> AddressPolicy:
    """Which addresses may be dialled."""
    return AddressPolicy(allowed=parse_networks(settings.WEBHOOKS_ALLOWED_NETWORKS))


def url_policy() -> UrlPolicy:
    """Which URLs may be registered, of webhooks and of token servers alike."""
    return UrlPolicy(
        addresses=address_policy(), allow_http=settings.WEBHOOKS_ALLOW_HTTP
    )
