"""The client's side of OAuth 2.0: one token, asked for and checked (contract, 5.3).

error code         what the token server did
timeout, dns, blocked, connect, tls, disconnected, protocol, internal
                   no answer (see apps/outbound/outcome.py)
invalid_client ... answered with an error of RFC 6749, section 5.2
status_<n>         answered anything else than 200
too_large          more than 64 KB
not_json           not a JSON object
access_token, token_type, expires_in, refresh_token
                   that field is missing or cannot be used
"""

from __future__ import annotations

import json
import math
import re
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from oauthlib.oauth2 import BackendApplicationClient

from apps.auth_providers.oauth_config import Credentials
from apps.outbound.handle import MAX_RESPONSE_BYTES
from apps.outbound.outcome import Outcome
from apps.outbound.requests_adapter import GuardedAdapter, guarded_session
from apps.outbound.transport import TransportPolicy

# For each request; a renewal makes one, or two if a refresh token is refused.
DEADLINE_SECONDS: Final = 10.0
# Beyond it says nothing, and the database's calendar ends.
LONGEST_LIFE: Final = 10 * 365 * 86_400.0
# Visible ASCII only: it becomes a header, and nothing may follow it there. Longer
# ones are refused by most receivers' servers.
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
_SECONDS: Final = re.compile(r"[0-9]{1,18}")
_ERRORS: Final = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


class TokenError(Exception):
    """No token: `code` as above, and never anything that the server sent."""

    def __init__(self, code: str, *, answered: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.answered = answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token server gave. `expires_in` in seconds, None if it did not say."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDoor:
    """How token servers are called: by whose rules, as whom, how long at most."""

    policy: TransportPolicy
    user_agent: str
    deadline: float = DEADLINE_SECONDS


def fetch_token(
    credentials: Credentials, door: TokenDoor, *, refresh_token: str | None = None
) -> Token:
    """A new token, by the refresh token if there is one; raise `TokenError`.

    A refresh token that is refused is given up for the client's credentials. A
    server that does not answer is not asked twice.
    """
    if refresh_token is not None:
        client = BackendApplicationClient(credentials.client_id)
        body = client.prepare_refresh_body(
            refresh_token=refresh_token,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
        )
        try:
            token = _ask(credentials, door, body)
        except TokenError as error:
            if not error.answered:
                raise
        else:
            # RFC 6749, section 6: without a new one the old one stays good.
            return Token(
                access_token=token.access_token,
                refresh_token=token.refresh_token or refresh_token,
                expires_in=token.expires_in,
            )
    return _ask(credentials, door, first_request(credentials))


def first_request(credentials: Credentials) -> str:
    """The form that asks by the client's credentials alone."""
    client = BackendApplicationClient(credentials.client_id)
    body: str = client.prepare_request_body(
        include_client_id=True, client_secret=credentials.client_secret
    )
    return body


def read_token(status: int, body: bytes) -> Token:
    """The token in an answer; raise `TokenError` for whatever is not one."""
    if len(body) > MAX_RESPONSE_BYTES:
        raise TokenError("too_large")
    answer = _object(body)
    if status != 200:
        error = answer.get("error") if answer is not None else None
        known = isinstance(error, str) and error in _ERRORS
        raise TokenError(str(error) if known else f"status_{status}")
    if answer is None:
        raise TokenError("not_json")
    kind = answer.get("token_type")
    # The contract's examples have both `bearer` and `Bearer`.
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenError("token_type")
    return Token(
        access_token=_token("access_token", answer.get("access_token")),
        refresh_token=_optional_token(answer.get("refresh_token")),
        expires_in=_life(answer.get("expires_in")),
    )


def ask(credentials: Credentials, door: TokenDoor, body: str) -> Outcome:
    """What comes of one request to the token server; never raises."""
    adapter = GuardedAdapter(
        door.policy,
        deadline=door.deadline,
        client_certificate=credentials.certificate,
    )
    headers = {
        "User-Agent": door.user_agent,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    with (
        closing(guarded_session(adapter, headers)) as session,
        # The adapter remembers what came of it, and these hold on to the secret.
        suppress(requests.RequestException),
    ):
        session.post(credentials.url, data=body, allow_redirects=False)
    return adapter.outcome


def back_off(failures: int, chance: float) -> float:
    """Seconds until a failing token server is asked again: 1, 2, 4 ... 300.

    Up to a fifth more or less by `chance` (0 to 1), so that many providers of one
    server do not come back all at once.
    """
    # The exponent is bounded too: a server may fail for a year.
    seconds = min(300.0, 2.0 ** min(failures - 1, 10))
    return min(300.0, seconds * (0.8 + 0.4 * chance))


def renewal(life: float) -> float:
    """After how many seconds a token that lives `life` is renewed.

    At four fifths of its life or a minute before its end, whichever is earlier, but
    not in the first half of a short life: a token of one minute would never rest.
    """
    return min(0.8 * life, max(life - 60.0, life / 2))


def _ask(credentials: Credentials, door: TokenDoor, body: str) -> Token:
    outcome = ask(credentials, door, body)
    if outcome.status is None:
        raise TokenError(outcome.cause.value, answered=False)
    return read_token(outcome.status, outcome.excerpt)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _token(name: str, value: object) -> str:
    if isinstance(value, str) and _TOKEN.fullmatch(value):
        return value
    raise TokenError(name)


def _optional_token(value: object) -> str | None:
    return None if value is None or value == "" else _token("refresh_token", value)


def _life(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TokenError("expires_in")
    # An integer of JSON may be too large for a float.
    seconds = float(min(value, LONGEST_LIFE))
    if math.isnan(seconds) or seconds <= 0:
        raise TokenError("expires_in")
    return seconds
