"""Rows that are of no use to anybody any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.api_tokens.models import ApiToken, AttemptCount, TemporaryCode

# One tick removes so many; the rest is for the next, in a few seconds.
PURGED_AT_ONCE: Final = 1000
# For whoever asks why a token stopped working.
KEPT: Final = timedelta(days=1)


def purge_tokens() -> None:
    """Remove tokens of users and services that are over, codes, and old counts.

    What an operator issued stays, for the record of who could do what.
    """
    now = timezone.now()
    ended = ApiToken.objects.filter(
        Q(user__isnull=False) | Q(client__isnull=False),
        Q(expires_at__lt=now - KEPT) | Q(revoked_at__lt=now - KEPT),
    )
    part = list(ended.values_list("pk", flat=True)[:PURGED_AT_ONCE])
    if part:
        ApiToken.objects.filter(pk__in=part).delete()
    TemporaryCode.objects.filter(expires_at__lte=now).delete()
    window = timedelta(seconds=settings.WEBHOOKS_THROTTLE_SECONDS)
    AttemptCount.objects.filter(began_at__lt=now - window).delete()
