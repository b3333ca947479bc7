"""Mutants of what guards the service from others, and its secrets."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import pycurl

from tests.drills.mutants import Mutant


def always(value: Any) -> Callable[[Any], Any]:
    """Something else in its place."""
    return lambda _: value


def _sealed_in_name(_: Any) -> Callable[..., str]:
    """The name of a key, and what it was to seal."""
    return lambda ring, secret, place: f"{ring.primary}.{secret}"


def _quoted_whole(_: Any) -> Callable[[BaseException], list[str]]:
    """As Python tells of errors."""
    return traceback.format_exception


def _judged_when_loaded(load: Callable[..., None]) -> Callable[..., None]:
    """The addresses of a URL's name are looked up, judged, and forgotten."""

    def load_and_judge(handle: Any, request: Any, tag: Any) -> None:
        load(handle, request, tag)
        host = urlsplit(request.url.decode()).hostname
        for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            refusal = handle.policy.addresses.refusal(found[4][0])
            handle.refusal = handle.refusal or refusal

    return load_and_judge


def _judged_before(_: Any) -> Callable[..., int]:
    """Whatever address it is."""

    def open_socket(handle: Any, purpose: int, address: Any) -> int:
        if handle.refusal is not None:
            return pycurl.SOCKET_BAD
        return socket.socket(*address[:3]).detach()

    return open_socket


MUTANTS: Final[dict[str, Mutant]] = {
    "any-address-is-dialled": Mutant(
        removes="An address is judged when it is dialled.",
        places={
            "apps.outbound.addresses.AddressPolicy.refusal": always(
                lambda policy, address: None
            )
        },
    ),
    "any-host-is-registered": Mutant(
        removes="The host of a URL is judged when it is registered.",
        places={"apps.outbound.urls._check_host": always(lambda host, policy: None)},
    ),
    "addresses-are-judged-beforehand": Mutant(
        removes="What is judged is the address that is dialled.",
        places={
            "apps.outbound.handle.Handle.load": _judged_when_loaded,
            "apps.outbound.handle.Handle._open_socket": _judged_before,
        },
    ),
    "secrets-are-not-sealed": Mutant(
        removes="What is secret is sealed in the database.",
        places={
            "apps.encryption.keyring.Keyring.seal": _sealed_in_name,
            "apps.encryption.keyring.Keyring.open": always(
                lambda ring, sealed, place: sealed.partition(".")[2]
            ),
        },
    ),
    "errors-are-quoted-whole": Mutant(
        removes="Of an error's text the log has the first line.",
        places={"webhooks_project.logs._told": _quoted_whole},
    ),
}
