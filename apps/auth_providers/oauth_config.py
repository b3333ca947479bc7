"""The configuration of `oauth` providers (contract, section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from apps.auth_providers.certificates import BadCertificate, check_pair, ends_at
from apps.auth_providers.models import AuthProvider
from apps.auth_providers.refusal import Refused
from apps.outbound.policies import url_policy
from apps.outbound.urls import ForbiddenUrl, check_url

GRANT_TYPE: Final = "client_credentials"
LONGEST_CREDENTIAL: Final = 4096
# An operator is told so long before a certificate expires.
EXPIRY_NOTICE: Final = timedelta(days=30)

_MANDATORY: Final = ("url", "client_id", "client_secret", "grant_type")
_PAIR: Final = ("public_cert", "private_cert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where tokens come from, and as whom they are asked for.

    `certificate`: PEM of the client's certificate and of its key.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    certificate: tuple[bytes, bytes] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Credentials:
        """From a provider's configuration; raise `KeyError` if it has none."""
        pair = [config[name].encode() for name in _PAIR if name in config]
        return cls(
            url=config["url"],
            client_id=config["client_id"],
            client_secret=config["client_secret"],
            certificate=(pair[0], pair[1]) if pair else None,
        )


def oauth_config(
    given: Mapping[str, object], before: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """The whole configuration once `given` has changed what was `before`.

    A certificate is taken away by giving null for both of the pair.
    """
    for name in given:
        if name not in _MANDATORY + _PAIR:
            raise _refused(f"The config of oauth has no {name[:80]!r}.")
    config: dict[str, Any] = {**before, **given}
    for name in _MANDATORY:
        if config.get(name) is None:
            raise Refused("missingParameter", "config", f"The config has no {name}.")
    _check_texts(config)
    if config["grant_type"] != GRANT_TYPE:
        raise _refused(f"The grant_type must be {GRANT_TYPE}.")
    config["url"] = _url(config["url"])
    _check_pair(config, now)
    return {name: text for name, text in config.items() if text is not None}


def certificate_expiry(provider: AuthProvider) -> datetime | None:
    """When the provider's client certificate expires; None if it has none."""
    certificate = provider.settings.get("public_cert")
    return ends_at(certificate) if isinstance(certificate, str) else None


def certificate_warning(provider: AuthProvider, now: datetime) -> str | None:
    """A sentence once the certificate has expired or will within 30 days."""
    expiry = certificate_expiry(provider)
    if expiry is None or expiry - now > EXPIRY_NOTICE:
        return None
    verb = "expires" if expiry > now else "has expired"
    return (
        f"The client certificate of the provider {provider.name} {verb} "
        f"on {expiry:%Y-%m-%d}."
    )


def _check_texts(config: Mapping[str, object]) -> None:
    for name, value in config.items():
        if value is None and name in _PAIR:
            continue
        if not isinstance(value, str):
            raise _refused(f"The {name} must be text.")
        if name in _PAIR:
            continue
        if not 0 < len(value) <= LONGEST_CREDENTIAL or not value.isprintable():
            raise _refused(
                f"The {name} must be text of 1 to {LONGEST_CREDENTIAL} printable "
                "characters."
            )


def _url(text: str) -> str:
    try:
        return check_url(text, url_policy()).url
    except ForbiddenUrl as error:
        raise _refused(error.sentence) from error


def _check_pair(config: Mapping[str, Any], now: datetime) -> None:
    certificate, key = config.get("public_cert"), config.get("private_cert")
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        raise _refused("public_cert and private_cert go together.")
    try:
        check_pair(certificate, key, now)
    except BadCertificate as error:
        raise _refused(str(error)) from error


def _refused(sentence: str) -> Refused:
    return Refused("invalidValue", "config", sentence)
