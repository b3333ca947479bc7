"""System checks: what is wrong with the settings is said before anything starts.

Without `--deploy` what makes deliveries wrong or impossible, and what nobody may start
in production with: that is where `HTTPS_ONLY` is set. With it, also what is fit for a
developer's machine alone.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from apps.encryption.keyring import Keyring, KeyringError
from apps.outbound.policies import address_policy
from apps.webhooks.schema_check import MODES

SECRET_KEY_CHARACTERS: Final = 50
SECRET_KEY_DIFFERENT: Final = 10
# What `django-admin startproject` writes.
SECRET_KEY_DEFAULT: Final = "django-insecure-"
_LOOPBACK: Final = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)


@register(Tags.compatibility)
def lease_outlives_request(**_: Any) -> list[CheckMessage]:
    """A lease that ends during a request lets another pump send the same again."""
    least = settings.WEBHOOKS_DEADLINE + settings.WEBHOOKS_SETTLE
    if least <= settings.WEBHOOKS_LEASE:
        return []
    return [
        Error(
            f"WEBHOOKS_LEASE is {settings.WEBHOOKS_LEASE:g} s, shorter than a request "
            f"and its settlement, {least:g} s.",
            hint="WEBHOOKS_LEASE >= WEBHOOKS_DEADLINE + WEBHOOKS_SETTLE.",
            id="webhooks.E001",
        )
    ]


@register(Tags.security)
def encryption_keys_are_readable(**_: Any) -> list[CheckMessage]:
    """Without a key no secret can be stored, or opened."""
    try:
        Keyring.parse(settings.WEBHOOKS_ENCRYPTION_KEYS)
    except KeyringError as error:
        return [
            Error(
                f"WEBHOOKS_ENCRYPTION_KEYS cannot be used: {error}",
                hint="Each key is `name:base64 of 32 bytes`, the newest first.",
                id="webhooks.E002",
            )
        ]
    return []


@register(Tags.security)
def allowed_networks_are_readable(**_: Any) -> list[CheckMessage]:
    """A network that is not understood must not silently allow nothing, or all."""
    try:
        address_policy()
    except ValueError as error:
        return [
            Error(
                f"WEBHOOKS_ALLOWED_NETWORKS cannot be read: {error}",
                hint="Write networks as `10.1.0.0/16, fd00::/8`.",
                id="webhooks.E003",
            )
        ]
    return []


@register(Tags.compatibility)
def schema_check_is_known(**_: Any) -> list[CheckMessage]:
    """A mode that is misspelt must not enforce nothing."""
    if settings.WEBHOOKS_SCHEMA_CHECK in MODES:
        return []
    return [
        Error(
            f"WEBHOOKS_SCHEMA_CHECK cannot be {settings.WEBHOOKS_SCHEMA_CHECK!r}.",
            hint=f"It is one of {', '.join(MODES)}.",
            id="webhooks.E005",
        )
    ]


@register(Tags.security)
def secret_key_is_a_secret(**_: Any) -> list[CheckMessage]:
    """Sessions of the console are only as safe as the key that signs them."""
    key = settings.SECRET_KEY
    is_long = len(key) >= SECRET_KEY_CHARACTERS
    if not settings.HTTPS_ONLY or (
        is_long
        and len(set(key)) >= SECRET_KEY_DIFFERENT
        and not key.startswith(SECRET_KEY_DEFAULT)
    ):
        return []
    return [
        Error(
            f"SECRET_KEY has fewer than {SECRET_KEY_CHARACTERS} characters, hardly "
            "any different ones, or is Django's own example.",
            hint="Generate one, at random, for this deployment alone.",
            id="webhooks.E004",
        )
    ]


@register(Tags.security)
def loopback_is_closed(**_: Any) -> list[CheckMessage]:
    """Whoever registers a webhook would reach what listens on this machine."""
    if not settings.HTTPS_ONLY or allowed_networks_are_readable():
        return []
    if any(
        network.version == loopback.version and network.overlaps(loopback)
        for network in address_policy().allowed
        for loopback in _LOOPBACK
    ):
        return [
            Error(
                "WEBHOOKS_ALLOWED_NETWORKS lets webhooks reach this very machine.",
                hint="Loopback is for demonstrations and tests, with HTTPS_ONLY=false.",
                id="webhooks.E006",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def http_is_closed(**_: Any) -> list[CheckMessage]:
    """Bank data and user tokens would travel in clear."""
    if settings.WEBHOOKS_ALLOW_HTTP:
        return [
            Warning(
                "WEBHOOKS_ALLOW_HTTP lets webhooks be sent unencrypted.",
                hint="http is for demonstrations and tests.",
                id="webhooks.W002",
            )
        ]
    return []
