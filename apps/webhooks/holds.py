"""What is held for temporary users: released with them, or dropped (contract, 1.2)."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from apps.event_log.models import EndUser
from apps.webhooks.models import WebhookData

# One tick drops so many; the rest is for the next, in a few seconds.
DROPPED_AT_ONCE: Final = 1000
_END: Final = """
UPDATE webhooks_webhookdata d SET state = %s FROM event_log_event e
WHERE e.user_id = ANY(%s) AND d.event_id = e.id AND d.state = 0
"""


def release(user: int) -> int:
    """Let go what was held for a user, in the caller's transaction; how many."""
    return _end([user], WebhookData.State.PENDING)


def drop_expired_users() -> int:
    """Drop temporary users whose time is over, and what was held for them."""
    now = timezone.now()
    with transaction.atomic():
        expired = list(
            EndUser.objects.select_for_update(skip_locked=True)
            .filter(
                permanent_at__isnull=True, deleted_at__isnull=True, expires_at__lte=now
            )
            .values_list("pk", flat=True)[:DROPPED_AT_ONCE]
        )
        if expired:
            _end(expired, WebhookData.State.CANCELLED)
            EndUser.objects.filter(pk__in=expired).update(deleted_at=now, token=None)
    return len(expired)


def _end(users: list[int], state: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_END, [int(state), users])
        return int(cursor.rowcount)
