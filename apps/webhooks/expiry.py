"""The optional time to live of what is unsent (contract, decisions: give up).

Off unless `webhooks.time_to_live` says otherwise: without it nothing is given up.
"""

from __future__ import annotations

import logging
from typing import Final

from django.db import connection

from apps.configuration.keys import TIME_TO_LIVE, days
from apps.configuration.store import value

logger = logging.getLogger(__name__)

# Rows in one statement, and statements in one tick: what is left is for the next.
BATCH: Final = 10_000
MOST_BATCHES: Final = 10
# The state is looked at again: a row may have been accepted meanwhile.
_END: Final = """
UPDATE webhooks_webhookdata SET state = 3
WHERE state = 1 AND id = ANY(ARRAY(
    SELECT id FROM webhooks_webhookdata
    WHERE state = 1 AND created_at < clock_timestamp() - make_interval(secs => %s)
    LIMIT %s))
"""


def end_expired() -> int:
    """Cancel what has been unsent for longer than configured; how many rows."""
    lifetime = days(value(TIME_TO_LIVE))
    if lifetime is None:
        return 0
    ended = 0
    for _ in range(MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(_END, [float(lifetime) * 86_400, BATCH])
            ended += cursor.rowcount
            if cursor.rowcount < BATCH:
                break
    if ended:
        logger.warning(
            "%s deliveries have outlived their time and are given up.",
            ended,
            extra={"given_up": ended},
        )
    return ended
