"""The SQL of waiting for access tokens: what to have renewed, and who waits for it.

A webhook whose token cannot be used is not leased (see leases.py), so it charges
nothing to its receiver. Whoever looks for work asks for the token instead, once for
all; if the message that does it is lost, somebody asks again a little later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from apps.auth_providers.tokens import DUE, USABLE
from apps.webhooks.engine.gates import LIVE

# Nobody asks again for so long: a message may wait behind others.
ASKED_SECONDS: Final = 10.0

# A token is renewed for the webhooks that wait for it or have been sent with it; one
# that nobody uses is left to expire. LIMIT, or PostgreSQL would read the whole queue
# once instead of its index for each webhook.
_ASK: Final = f"""
UPDATE auth_providers_oauthtoken t
SET asked_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE {DUE} AND (t.asked_until IS NULL OR t.asked_until <= clock_timestamp())
  AND EXISTS (
    SELECT 1 FROM webhooks_webhook w JOIN webhooks_lease l ON l.webhook_id = w.id
    WHERE w.auth_provider_id = t.provider_id
      AND {LIVE}
      AND (l.served_at > t.refreshed_at
           OR (SELECT true FROM webhooks_webhookdata d
               WHERE d.state = 1 AND d.webhook_id = w.id LIMIT 1)))
RETURNING t.provider_id
"""
# The row at the head of the queue is old enough for a date; the very oldest would be
# looked for among all.
_WAITS: Final = f"""
SELECT w.id, greatest(coalesce(t.stale_at, t.expires_at, t.reset_at), head.created_at),
    CASE WHEN t.stale_at IS NOT NULL THEN 'refused'
         WHEN t.access_token IS NOT NULL THEN 'expired' ELSE 'missing' END,
    t.last_error, t.failures, t.next_try_at
FROM webhooks_webhook w
JOIN auth_providers_oauthtoken t ON t.provider_id = w.auth_provider_id
CROSS JOIN LATERAL (
    SELECT d.created_at FROM webhooks_webhookdata d
    WHERE d.state = 1 AND d.webhook_id = w.id
    ORDER BY d.last_execution, d.id LIMIT 1) head
WHERE w.id = ANY(%(webhooks)s) AND {LIVE}
  AND NOT {USABLE}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWait:
    """A webhook that has data to send and no token to send it with.

    `reason`: `missing` (never had one), `expired`, or `refused` by a receiver. What
    the token server did last is in `error` (see oauth.py), empty if nothing wrong.
    """

    since: datetime
    reason: str
    error: str
    failures: int
    next_try_at: datetime | None


def ask() -> list[int]:
    """The providers whose tokens are to be renewed now; each is told to one caller,
    who then sees to it."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"seconds": ASKED_SECONDS})
        return [provider for (provider,) in cursor.fetchall()]


def token_waits(webhooks: Sequence[int]) -> dict[int, TokenWait]:
    """Those of the webhooks that wait for a token, and why."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, {"webhooks": list(webhooks)})
        return {
            webhook: TokenWait(
                since=since,
                reason=reason,
                error=error,
                failures=failures,
                next_try_at=next_try_at,
            )
            for webhook, since, reason, error, failures, next_try_at in (
                cursor.fetchall()
            )
        }
