"""Tokens that somebody asks for: issued, rotated and revoked, each on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.api_tokens.authentication import forget_callers
from apps.api_tokens.models import ApiToken, Client, issue, revoke
from apps.api_tokens.tokens import SERVICE_MARK
from apps.audit.actions import Action
from apps.audit.trail import record


def issue_token(
    name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """An operator's new token and its text, which nobody can read again later."""
    with transaction.atomic():
        token, text = issue(name, scopes, expires_at)
        _record_issue(token)
    return token, text


def issue_service_token(
    client: Client, scopes: Iterable[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """A client's new token and its text."""
    with transaction.atomic():
        token, text = issue(
            client.name, scopes, expires_at, mark=SERVICE_MARK, client=client
        )
        _record_issue(token)
    return token, text


def rotate_token(token: ApiToken, overlap: timedelta) -> tuple[ApiToken, str]:
    """Another token like this one, which itself is good for `overlap` longer."""
    now = timezone.now()
    with transaction.atomic():
        successor, text = issue(token.name, token.scopes.split(), token.expires_at)
        until = min(now + overlap, token.expires_at or now + overlap)
        ApiToken.objects.filter(pk=token.pk).update(expires_at=until)
        record(
            Action.TOKEN_ROTATE,
            token.pk,
            old={"expires_at": token.expires_at},
            new={"expires_at": until, "successor": successor.pk},
        )
    forget_callers()
    return successor, text


def revoke_token(token: ApiToken) -> None:
    """End an operator's token; each process forgets it within a second."""
    with transaction.atomic():
        revoke(ApiToken.objects.filter(pk=token.pk))
        record(Action.TOKEN_REVOKE, token.pk)
    forget_callers()


def _record_issue(token: ApiToken) -> None:
    new = {"scopes": token.scopes, "expires_at": token.expires_at}
    record(Action.TOKEN_ISSUE, token.pk, new=new)
