"""Mutants of what guards the service from others, and its secrets."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import pycurl

from tests.drills.mutants import Mutant, always


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


def _options(**changes: int | None) -> Callable[[Any], Any]:
    """libcurl's options with others, or without those that are None."""

    def change(options: Callable[[Any], dict[int, Any]]) -> Callable[..., Any]:
        wanted = {getattr(pycurl, name): value for name, value in changes.items()}

        def changed(handle: Any) -> dict[int, Any]:
            found = options(handle) | wanted
            return {name: value for name, value in found.items() if value is not None}

        return changed

    return change


class _NoRows:
    """A table that takes rows, and has none."""

    objects = SimpleNamespace(create=lambda **fields: None)


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
    "redirects-are-followed": Mutant(
        removes="A redirect is an answer like others.",
        places={"apps.outbound.handle.Handle._options": _options(FOLLOWLOCATION=1)},
    ),
    "bodies-have-no-end": Mutant(
        removes="A body is read up to 64 KB.",
        places={"apps.outbound.handle.MAX_RESPONSE_BYTES": always(1 << 40)},
    ),
    "certificates-are-not-looked-at": Mutant(
        removes="A certificate is verified.",
        places={
            "apps.outbound.handle.Handle._options": _options(
                SSL_VERIFYPEER=0, SSL_VERIFYHOST=0
            )
        },
    ),
    "proxies-of-the-environment": Mutant(
        removes="No proxy is used but the operator's.",
        places={
            "apps.outbound.handle.Handle._options": _options(PROXY=None, NOPROXY=None)
        },
    ),
    "whoever-asks-renews": Mutant(
        removes="One of many asks the token server.",
        places={"apps.auth_providers.tokens._claim": always(lambda provider, claim: 0)},
    ),
    "any-string-is-taken": Mutant(
        removes="Text that PostgreSQL or a receiver cannot take is refused.",
        places={
            "apps.webhooks.formats.json_body._check_strings": always(lambda value: None)
        },
    ),
    "any-token-will-do": Mutant(
        removes="A token needs the scope of what it is for.",
        places={
            "apps.api_tokens.authentication.HasScope.has_permission": always(
                lambda permission, request, view: request.auth is not None
            )
        },
    ),
    "guesses-are-not-counted": Mutant(
        removes="Failures of an address and of a client are counted.",
        places={"apps.api_tokens.throttle.count": always(lambda *limits: None)},
    ),
    "pages-have-no-policy": Mutant(
        removes="Pages say where scripts may come from.",
        places={"webhooks_project.policy.build_policy": always(lambda: "")},
    ),
    "changes-are-not-recorded": Mutant(
        removes="A change is a row of the trail.",
        places={"apps.audit.trail.AuditEntry": always(_NoRows)},
    ),
    "persons-are-kept": Mutant(
        removes="An erasure takes what is of no event.",
        places={
            "apps.webhooks.erasure._forget_person": always(lambda user_id, *, now: None)
        },
    ),
}
