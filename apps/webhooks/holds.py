"""What depends on an end user's life: what is held for temporary users, and the
token of deleted ones (contract, 1.2 and 5.1).
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from apps.api_tokens.models import revoke_all_of
from apps.connections.erasure import erase_connections
from apps.event_log.models import EndUser
from apps.event_log.user_config import erase_config
from apps.webhooks.models import WebhookData

# One tick drops so many; the rest is for the next, in a few seconds.
DROPPED_AT_ONCE: Final = 1000
_END: Final = """
UPDATE webhooks_webhookdata d SET state = %s FROM event_log_event e
WHERE e.user_id = ANY(%s) AND d.event_id = e.id AND d.state = 0
"""
# A random part: in a long outage many wait, and to look at all of them in every
# tick would cost more than the few that have ended are worth. ORDER BY and OFFSET 0
# keep the planner from reading all that is unsent instead.
SAMPLE: Final = 200
_ERASE: Final = """
WITH deleted AS MATERIALIZED (
    SELECT id FROM event_log_enduser
    WHERE deleted_at IS NOT NULL AND token IS NOT NULL ORDER BY random() LIMIT %s
)
UPDATE event_log_enduser u SET token = NULL
FROM deleted LEFT JOIN LATERAL (
    SELECT e.id FROM event_log_event e
    WHERE e.user_id = deleted.id AND EXISTS (
        SELECT FROM webhooks_webhookdata d
        WHERE d.event_id = e.id AND d.state = ANY(%s) OFFSET 0)
    ORDER BY e.user_id, e.id LIMIT 1) unsent ON true
WHERE u.id = deleted.id AND unsent.id IS NULL
"""
# What may still be sent.
_UNSENT: Final = [
    WebhookData.State.HELD.value,
    WebhookData.State.PENDING.value,
    WebhookData.State.QUARANTINED.value,
    WebhookData.State.PLANNED.value,
]


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
            drop(expired)
    return len(expired)


def drop(users: list[int]) -> None:
    """Drop temporary users, locked by the caller, as if they had never been."""
    _end(users, WebhookData.State.CANCELLED)
    revoke_all_of(users)
    erase_config(users)
    now = timezone.now()
    erase_connections(users, now=now)
    EndUser.objects.filter(pk__in=users).update(deleted_at=now, token=None)


def erase_spent_tokens() -> int:
    """Erase the tokens of deleted users about whom nothing is left to send.

    Not only USER_DELETED carries the token: what was emitted before it, or was
    refused once, would be refused for ever without. How many were erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ERASE, [SAMPLE, _UNSENT])
        return int(cursor.rowcount)


def _end(users: list[int], state: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_END, [int(state), users])
        return int(cursor.rowcount)
