"""From dates to ids: deliveries are numbered in the order in which they are made.

There is no index by date, which every emission would have to keep: the border is
found by halving, and a margin makes up for transactions that took their time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection

# Longer than anybody's transaction: rows of one have its beginning as their date.
MARGIN: Final = timedelta(minutes=10)
LAST: Final = 2**63 - 1

# The first row from an id on: numbers are missing where something was rolled back.
_FROM: Final = """
SELECT id, created_at FROM webhooks_webhookdata WHERE id >= %s ORDER BY id LIMIT 1
"""
_ENDS: Final = """
SELECT (SELECT id FROM webhooks_webhookdata ORDER BY id LIMIT 1),
       (SELECT id FROM webhooks_webhookdata ORDER BY id DESC LIMIT 1)
"""


class Bounds(NamedTuple):
    """Ids from `first`, and below `before`."""

    first: int = 0
    before: int = LAST


def bounds_of(
    since: datetime | None, until: datetime | None, before: int | None
) -> Bounds:
    """Where everything in a range of dates is; what else is there has other dates."""
    first = _first_of(since - MARGIN) if since else 0
    last = _first_of(until + MARGIN) if until else LAST
    return Bounds(first, min(last, before or LAST))


def _first_of(moment: datetime) -> int:
    """The id of the first row from a moment on; beyond the last if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        low, high = cursor.fetchone()
        if low is None:
            return 0
        high += 1
        while low < high:
            middle = (low + high) // 2
            cursor.execute(_FROM, [middle])
            row = cursor.fetchone()
            if row is not None and row[1] < moment:
                low = row[0] + 1
            else:
                high = middle
    return int(low)
