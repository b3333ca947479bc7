"""Asking a token server on somebody's behalf, to see what it answers.

Nothing is kept: the token in use stays in use, and the one that was given is forgotten
here, so that nothing but what is harmless of an answer is ever shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.auth_providers.oauth import (
    TokenDoor,
    TokenError,
    ask,
    first_request,
    read_token,
)
from apps.auth_providers.oauth_config import Credentials
from apps.outbound.outcome import Timing

# What a kind of token may be called; a token itself would be longer.
_KIND: Final = re.compile("[A-Za-z][A-Za-z-]{0,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTrial:
    """What a token server answered, without the token.

    `error` is a code of `oauth.py`, empty if a token was given. `status` is None if
    there was no answer. `token_type` as the server writes it, None if it is missing
    or odd; `expires_in` in seconds. `is_encrypted`: the URL is https, so the server's
    certificate was verified.
    """

    error: str
    status: int | None
    token_type: str | None
    expires_in: float | None
    has_refresh_token: bool
    timing: Timing
    peer: str | None
    is_encrypted: bool
    with_certificate: bool


def try_token(credentials: Credentials, door: TokenDoor) -> TokenTrial:
    """Ask for a token by the client's credentials, and tell what came of it.

    Not to be called in a transaction: it waits for the server.
    """
    outcome = ask(credentials, door, first_request(credentials))
    error, expires_in, refreshes = outcome.cause.value, None, False
    if outcome.status is not None:
        try:
            token = read_token(outcome.status, outcome.excerpt)
        except TokenError as why:
            error = why.code
        else:
            error, expires_in = "", token.expires_in
            refreshes = token.refresh_token is not None
    return TokenTrial(
        error=error,
        status=outcome.status,
        token_type=_kind(_members(outcome.excerpt)),
        expires_in=expires_in,
        has_refresh_token=refreshes,
        timing=outcome.timing,
        peer=outcome.peer,
        is_encrypted=credentials.url.startswith("https:"),
        with_certificate=credentials.certificate is not None,
    )


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _kind(members: Mapping[str, Any]) -> str | None:
    kind = members.get("token_type")
    is_one = isinstance(kind, str) and _KIND.fullmatch(kind)
    return str(kind) if is_one else None
