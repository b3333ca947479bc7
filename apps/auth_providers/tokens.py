"""Access tokens: renewed once however many need them, kept sealed.

Nothing here waits for anybody. What renews a token claims it with a conditional
UPDATE, so that of many workers on many machines one asks the token server; and what
it brings back counts only as long as its claim does.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.auth_providers.oauth import (
    Token,
    TokenDoor,
    TokenError,
    back_off,
    fetch_token,
    renewal,
)
from apps.auth_providers.oauth_config import Credentials
from apps.encryption.keyring import KeyringError
from apps.metrics.process import figures

logger = logging.getLogger(__name__)

# SQL about `auth_providers_oauthtoken t`: whether deliveries may use the token now.
USABLE: Final = """(t.access_token IS NOT NULL AND t.stale_at IS NULL
    AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp()))"""
# And whether to renew it now: the token server may be asked, and nobody does already.
DUE: Final = """((t.access_token IS NULL OR t.stale_at IS NOT NULL
        OR t.renew_at <= clock_timestamp())
    AND (t.next_try_at IS NULL OR t.next_try_at <= clock_timestamp())
    AND (t.claimed_until IS NULL OR t.claimed_until <= clock_timestamp()))"""
# Longer than the two requests of a renewal; then its worker has died.
CLAIM_SECONDS: Final = 30.0
# A receiver's 401 has the token renewed so often at most: one that refuses whatever
# it is sent would otherwise have a token made for each of its deliveries.
FORCED_APART_SECONDS: Final = 60.0

_CLAIM: Final = f"""
UPDATE auth_providers_oauthtoken t SET claim = %(claim)s,
    claimed_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE t.provider_id = %(provider)s AND {DUE}
RETURNING t.failures
"""
_REFUSE: Final = """
UPDATE auth_providers_oauthtoken SET stale_at = clock_timestamp(),
    forced_at = clock_timestamp(), asked_until = NULL
WHERE provider_id = %(provider)s AND serial = %(serial)s AND stale_at IS NULL
  AND (forced_at IS NULL
       OR forced_at <= clock_timestamp() - make_interval(secs => %(apart)s))
"""


def renew(provider: int, door: TokenDoor) -> bool:
    """Ask the token server now if that is due and nobody else does; True if it is
    done. Raises nothing that the server could cause."""
    claim = secrets.token_hex(16)
    failures = _claim(provider, claim)
    if failures is None:
        return False
    began = time.monotonic()
    try:
        token = _fetch(provider, door)
    except TokenError as error:
        _fail(provider, claim, failures + 1, error.code)
        _count("failed")
        return False
    _count("renewed")
    return _store(provider, claim, token, time.monotonic() - began)


def _count(result: str) -> None:
    if kept := figures():
        kept.token_refreshes.labels(result).inc()


def refuse(provider: int, serial: int) -> None:
    """A receiver answered 401 to this token: have it renewed, if it is still the
    one in use, and the last time was a while ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REFUSE,
            {"provider": provider, "serial": serial, "apart": FORCED_APART_SECONDS},
        )


def reset(provider: int) -> None:
    """Forget the token, in the caller's transaction: it was made for another
    configuration, and so will be what a renewal brings that is under way."""
    OAuthToken.objects.filter(pk=provider).update(
        access_token=None,
        refresh_token=None,
        reset_at=Now(),
        forced_at=None,
        **_FRESH,
    )


def _claim(provider: int, claim: str) -> int | None:
    """How often in a row it failed, if the claim was granted."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, {"provider": provider, "claim": claim, "seconds": CLAIM_SECONDS}
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _fetch(provider: int, door: TokenDoor) -> Token:
    """Outside of any transaction: a token server takes its time."""
    try:
        credentials = Credentials.of(AuthProvider.objects.get(pk=provider).settings)
    except (AuthProvider.DoesNotExist, KeyError, ValueError) as error:
        logger.exception(
            "The configuration of provider %s is unusable.",
            provider,
            extra={"id_auth": provider},
        )
        raise TokenError("internal") from error
    return fetch_token(credentials, door, refresh_token=_refresh_token(provider))


def _refresh_token(provider: int) -> str | None:
    tokens = OAuthToken.objects.filter(pk=provider)
    try:
        return tokens.values_list("refresh_token", flat=True).first()
    except KeyringError:
        # The client's credentials do as well.
        logger.warning(
            "The refresh token of provider %s does not open.",
            provider,
            extra={"id_auth": provider},
        )
        return None


def _store(provider: int, claim: str, token: Token, took: float) -> bool:
    """Keep a token; False if the claim was lost meanwhile."""
    life = token.expires_in
    # From before the request, when the server cannot have counted yet.
    renew_at = None if life is None else Now() + _seconds(renewal(life) - took)
    expires_at = None if life is None else Now() + _seconds(life - took)
    stored = OAuthToken.objects.filter(pk=provider, claim=claim).update(
        **_FRESH
        | {
            "access_token": token.access_token,
            "refresh_token": token.refresh_token,
            "serial": F("serial") + 1,
            "refreshed_at": Now(),
            "renew_at": renew_at,
            "expires_at": expires_at,
        }
    )
    return stored == 1


def _fail(provider: int, claim: str, failures: int, code: str) -> None:
    pause = back_off(failures, random.random())
    logger.warning(
        "No token for provider %s: %s. Asking again in %.0f s.",
        provider,
        code,
        pause,
        extra={"id_auth": provider, "error": code},
    )
    OAuthToken.objects.filter(pk=provider, claim=claim).update(
        state=OAuthToken.State.FAILING,
        failures=failures,
        last_error=code,
        next_try_at=Now() + _seconds(pause),
        asked_until=None,
        claim="",
        claimed_until=None,
    )


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


# Nothing known against the token, nobody busy with it.
_FRESH: Final[dict[str, Any]] = {
    "renew_at": None,
    "expires_at": None,
    "stale_at": None,
    "state": OAuthToken.State.OK,
    "failures": 0,
    "last_error": "",
    "next_try_at": None,
    "asked_until": None,
    "claim": "",
    "claimed_until": None,
}
