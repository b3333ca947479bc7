"""How long a receiver may ask to be left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

# Longer than this is a mistake of the receiver's, or an attack on its own data.
LONGEST_REST = timedelta(hours=1)
STATUSES = (429, 503)


def rest_until(
    status: int | None, retry_after: int | None, now: datetime
) -> datetime | None:
    """The end of the rest asked for by `Retry-After` (seconds), one hour at most."""
    if status not in STATUSES or not retry_after or retry_after < 0:
        return None
    return now + min(timedelta(seconds=retry_after), LONGEST_REST)
