"""The headers that each way of authenticating adds: pure, no I/O."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import NamedTuple

from apps.auth_providers.signing import keyed, sign


class Delivery(NamedTuple):
    """What there is to sign: the request as it will be on the wire.

    `date` as `signing.signature_date` writes it.
    """

    method: str
    path: str
    payload: bytes
    date: str
    user_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """The default: the user's own token, if the event has a user."""

    def headers(self, delivery: Delivery) -> list[str]:
        """One header, or none: never somebody else's token."""
        if delivery.user_token is None:
            return []
        return [f"Authorization: Bearer {delivery.user_token}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacSignature:
    """`hmac_signature`: two headers, and the user's token if so configured."""

    secret_key: str = field(repr=False)
    send_user_token: bool = False
    _key: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", keyed(self.secret_key))

    def headers(self, delivery: Delivery) -> list[str]:
        """Date and signature of this very attempt."""
        method, path, payload, date, _ = delivery
        signature = sign(
            self._key, method=method, path=path, date=date, payload=payload
        )
        own = [f"BI-Signature-Date: {date}", f"BI-Signature: {signature}"]
        return own + (UserToken().headers(delivery) if self.send_user_token else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatingSignature:
    """`hmac_signature` with another secret from the date `since` on."""

    current: HmacSignature
    following: HmacSignature
    since: str

    def headers(self, delivery: Delivery) -> list[str]:
        """As the secret in force at this very attempt has it."""
        # Dates of one length and one zone: as texts they compare as instants do.
        due = delivery.date >= self.since
        return (self.following if due else self.current).headers(delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerToken:
    """`oauth`: the provider's access token, which owns `Authorization`."""

    access_token: str = field(repr=False)
    _headers: list[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        header = f"Authorization: Bearer {self.access_token}"
        object.__setattr__(self, "_headers", [header])

    def headers(self, delivery: Delivery) -> list[str]:
        """One header, whoever the event is about."""
        return self._headers


Scheme = UserToken | HmacSignature | RotatingSignature | BearerToken


def scheme(kind: str | None, config: dict[str, object]) -> Scheme:
    """The scheme of a provider's type and configuration; none: the user's token.

    For `oauth` the configuration is the `access_token` alone.
    """
    if kind is None:
        return UserToken()
    if kind == "oauth":
        return BearerToken(access_token=str(config["access_token"]))
    if kind != "hmac_signature":
        raise ValueError(f"There is no scheme for providers of type {kind!r}.")
    current = _signature(config, "secret_key")
    if "next_secret_key" not in config:
        return current
    return RotatingSignature(
        current=current,
        following=_signature(config, "next_secret_key"),
        since=str(config["next_from"]),
    )


def _signature(config: dict[str, object], key: str) -> HmacSignature:
    return HmacSignature(
        secret_key=str(config[key]),
        send_user_token=config.get("send_user_token") is True,
    )
