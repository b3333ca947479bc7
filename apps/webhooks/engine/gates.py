"""What may keep a webhook from being sent to: each condition, said once.

`leases.py` takes webhooks for which all of them hold; whoever tells why nothing is
sent asks the database which does not. They are SQL about `webhooks_webhook w`, its
`webhooks_lease l`, and `now`. By the database's clock, as all that is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from apps.auth_providers.tokens import USABLE

# The instant, and the number of the current execution of all webhooks.
NOW: Final = """now AS MATERIALIZED (
    SELECT clock_timestamp() AS instant, coalesce(
        (SELECT id FROM webhooks_flusherexecution WHERE webhook_id IS NULL
         ORDER BY id DESC LIMIT 1), 0) AS execution
)"""
# The current execution of this webhook: it may have been flushed alone.
EXECUTION: Final = "greatest(now.execution, l.flushed_execution)"

LIVE: Final = "w.deleted_at IS NULL AND w.url IS NOT NULL"
# An end is nothing that somebody must wait for: it is compared with the clock.
IS_UNPAUSED: Final = "(w.paused_at IS NULL OR w.paused_until <= clock_timestamp())"
# A provider that needs none has no row. Looked up for each, not joined for all.
HAS_TOKEN: Final = f"""coalesce((
    SELECT {USABLE} FROM auth_providers_oauthtoken t
    WHERE t.provider_id = w.auth_provider_id), TRUE)"""
IS_FREE: Final = "(l.leased_until IS NULL OR l.leased_until <= now.instant)"
HAS_RESTED: Final = "(l.rest_until IS NULL OR l.rest_until <= now.instant)"
IS_OPEN: Final = f"""(l.cut_off_at IS NULL
           OR l.execution < {EXECUTION})"""

_GATES: Final = f"""
WITH {NOW}
SELECT w.id, now.instant, {EXECUTION},
    {IS_UNPAUSED}, {HAS_TOKEN}, {IS_FREE}, {HAS_RESTED}, {IS_OPEN},
    l.leased_until, l.rest_until, l.cut_off_at,
    CASE WHEN l.execution < {EXECUTION} THEN 0 ELSE l.consecutive_failures END,
    CASE WHEN l.execution < {EXECUTION} THEN 0 ELSE l.timeouts END
FROM webhooks_webhook w JOIN webhooks_lease l ON l.webhook_id = w.id CROSS JOIN now
WHERE w.id = ANY(%s)
"""


def open_to(event: str) -> str:
    """SQL: whether a webhook is told of the users whom an event, aliased so, has."""
    return f"(w.user_id IS NULL OR w.user_id = {event}.user_id)"


@dataclass(frozen=True, slots=True)
class Gates:
    """Which conditions hold for a webhook at `instant`, and until when not.

    `failures` and `timeouts` are the cutoff's counters in `execution`; a lease that
    `is_free` but has `leased_until` ran out: its holder died.
    """

    webhook: int
    instant: datetime
    execution: int
    is_unpaused: bool
    has_token: bool
    is_free: bool
    has_rested: bool
    is_open: bool
    leased_until: datetime | None
    rest_until: datetime | None
    cut_off_at: datetime | None
    failures: int
    timeouts: int

    def is_due(self, last_execution: int) -> bool:
        """May a row that was tried then be sent? See `leases.py` and `unsent.py`."""
        return last_execution < self.execution


def gates_of(webhooks: Sequence[int]) -> dict[int, Gates]:
    """As they are now, by one query."""
    with connection.cursor() as cursor:
        cursor.execute(_GATES, [list(webhooks)])
        return {row[0]: Gates(*row) for row in cursor.fetchall()}
