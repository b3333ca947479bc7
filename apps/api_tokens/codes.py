"""Temporary codes: short-lived, hashed, good for one exchange (contract, 2.4)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.api_tokens.models import TemporaryCode, new_secret
from apps.api_tokens.tokens import CODE_MARK, is_well_formed, token_hash


def issue_code(user: int, expires_at: datetime) -> str:
    """A new code, which nobody can read again later."""
    code = new_secret(CODE_MARK)
    TemporaryCode.objects.create(
        sha256=token_hash(code), user=user, expires_at=expires_at
    )
    return code


def user_of_code(code: str) -> int | None:
    """For whom a code is, if it can still be exchanged."""
    return _good(code).values_list("user", flat=True).first()


def redeem(code: str) -> bool:
    """Use a code up, in the caller's transaction; False if somebody else did."""
    used, _ = _good(code).delete()
    return used == 1


def _good(code: str) -> QuerySet[TemporaryCode]:
    if not is_well_formed(code):
        return TemporaryCode.objects.none()
    return TemporaryCode.objects.filter(sha256=token_hash(code), expires_at__gt=Now())
