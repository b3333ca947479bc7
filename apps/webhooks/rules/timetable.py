"""When the flusher runs next."""

from __future__ import annotations

from datetime import datetime, timedelta


def next_execution(began: datetime | None, period: float, now: datetime) -> datetime:
    """The first of the flusher's instants after `now`; `period` in seconds.

    `began` is when the last known execution began, None if there was none.
    """
    step = timedelta(seconds=period)
    if began is None or began > now:
        return now + step
    return began + ((now - began) // step + 1) * step
