"""Bearer tokens for the API: who calls, and whether that is enough."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api_tokens.models import ApiToken
from apps.api_tokens.throttle import count_failure
from apps.api_tokens.tokens import is_well_formed, token_hash
from apps.audit.actors import Actor, Kind, act_as

# How long a revoked or expired token may still be taken for a good one.
REMEMBERED_SECONDS: Final = 1.0
# More callers than one process sees in a second.
REMEMBERED_CALLERS: Final = 1024
# How stale `last_used_at` may be: the price of one write.
LAST_USE_IS_WITHIN: Final = timedelta(hours=1)
CHALLENGE: Final = 'Bearer realm="API"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The token that came with a request; `user` is whose, if it is a user's, `client`
    to whom a service token was issued."""

    token: int
    scopes: frozenset[str]
    user: int | None = None
    client: int | None = None
    prefix: str = ""

    @property
    def actor(self) -> Actor:
        """For the audit trail: the end user, the client, or the token itself."""
        if self.user is not None:
            return Actor(kind=Kind.USER, id=self.user)
        if self.client is not None:
            return Actor(kind=Kind.CLIENT, id=self.client, label=self.prefix)
        return Actor(kind=Kind.TOKEN, id=self.token, label=self.prefix)


@dataclass(slots=True)
class RecentCallers:
    """Tokens that were good a moment ago, by hash. Only good ones are kept."""

    _known: dict[bytes, tuple[float, Caller]] = field(default_factory=dict)

    def get(self, sha256: bytes, now: float) -> Caller | None:
        """The caller if seen within the last second; `now` is monotonic."""
        until, caller = self._known.get(sha256, (0.0, None))
        return caller if now < until else None

    def keep(self, sha256: bytes, caller: Caller, now: float) -> None:
        """Remember for a second."""
        if len(self._known) >= REMEMBERED_CALLERS:
            self._known.clear()
        self._known[sha256] = (now + REMEMBERED_SECONDS, caller)

    def forget(self) -> None:
        """Look everybody up again."""
        self._known.clear()


_recent = RecentCallers()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; `request.auth` is then a `Caller`."""

    def authenticate(self, request: Request) -> tuple[None, Caller] | None:
        """None without a token; raise `AuthenticationFailed` for a wrong one, or
        `Throttled` for one of many.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        kind, _, text = header.partition(" ")
        caller = find_caller(text.strip()) if kind.lower() == "bearer" else None
        if caller is None:
            count_failure(request._request)
            raise AuthenticationFailed
        act_as(caller.actor)
        return None, caller

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says of how to do better."""
        return CHALLENGE


class HasScope(BasePermission):
    """Lets a token through that has the view's `required_scope`."""

    def has_permission(self, request: Request, view: object) -> bool:
        """A view that requires no scope by mistake is closed to all."""
        required = getattr(view, "required_scope", None)
        return request.auth is not None and required in caller_of(request).scopes


def caller_of(request: Request) -> Caller:
    """Who calls, in a view that `HasScope` lets nobody else into."""
    caller: Any = request.auth
    if not isinstance(caller, Caller):
        raise NotAuthenticated
    return caller


def find_caller(text: str) -> Caller | None:
    """Whose token this is, unless it was revoked or is over."""
    sha256, now = token_hash(text), time.monotonic()
    caller = _recent.get(sha256, now)
    if caller is None and is_well_formed(text):
        caller = _look_up(sha256)
        if caller is not None:
            _recent.keep(sha256, caller, now)
    return caller


def forget_callers() -> None:
    """What was revoked here ends here at once; elsewhere within the second."""
    _recent.forget()


def _look_up(sha256: bytes) -> Caller | None:
    now = timezone.now()
    token = (
        ApiToken.objects.filter(sha256=sha256, revoked_at__isnull=True)
        .exclude(expires_at__lte=now)
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or token.last_used_at < now - LAST_USE_IS_WITHIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Caller(
        token=token.pk,
        scopes=frozenset(token.scopes.split()),
        user=token.user,
        client=token.client_id,
        prefix=token.prefix,
    )
