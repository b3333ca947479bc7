"""Executions of the flusher: numbers that reopen what was cut off.

Rows remember the execution of their last failure, leases the one their counters
belong to. Beginning an execution therefore writes one row however large the backlog
is; the pumps do the rest as they take leases.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.webhooks.engine.clock import CLOCK

# Serialises overlapping ticks; released with the transaction, so that a pool of
# connections cannot leak it.
_LOCK: Final = 0x666C7573
_SERIALISE: Final = "SELECT pg_advisory_xact_lock(%s)"
_BEGIN: Final = """
INSERT INTO webhooks_flusherexecution (webhook_id)
SELECT %(webhook)s WHERE NOT EXISTS (
    SELECT 1 FROM webhooks_flusherexecution
    WHERE webhook_id IS NOT DISTINCT FROM %(webhook)s
      AND started_at > clock_timestamp() - make_interval(secs => %(apart)s))
RETURNING id
"""
_CURRENT: Final = """
SELECT id, started_at FROM webhooks_flusherexecution
WHERE webhook_id IS NULL ORDER BY id DESC LIMIT 1
"""
_WHEN: Final = f"""
SELECT clock_timestamp(), (SELECT started_at FROM ({_CURRENT}) AS current)
"""


def begin_execution(*, apart: float = 0.0, webhook: int | None = None) -> int | None:
    """Begin an execution of all webhooks, or of one; its number.

    None when another began less than `apart` seconds ago: overlapping ticks are one
    execution.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SERIALISE, [_LOCK])
        cursor.execute(_BEGIN, {"webhook": webhook, "apart": apart})
        row = cursor.fetchone()
        if row is None:
            return None
        if webhook is not None:
            cursor.execute(
                "UPDATE webhooks_lease SET flushed_execution = %s "
                "WHERE webhook_id = %s",
                [row[0], webhook],
            )
    return int(row[0])


def current_execution() -> tuple[int, datetime | None]:
    """The number of the current execution of all webhooks, and when it began."""
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT)
        return cursor.fetchone() or (0, None)


def when_execution_began() -> datetime | None:
    """When the current execution of all webhooks did; sets the clock on the way."""
    asked_ns = time.time_ns()
    with connection.cursor() as cursor:
        cursor.execute(_WHEN)
        instant, began = cursor.fetchone()
    CLOCK.correct(instant, asked_ns)
    return began  # type: ignore[no-any-return]
