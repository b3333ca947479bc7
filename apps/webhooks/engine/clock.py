"""The database's clock, as far as this process knows it.

Leases, rests and executions run by that clock. What is sent and noted is dated by it
too, so a machine whose own clock is wrong signs nothing that receivers find stale.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

# What took longer says too little of the instant in which it was answered.
SLOW_NS: Final = 200_000_000
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


class Clock:
    """This machine's clock, and by how much the database's is ahead of it."""

    def __init__(self) -> None:
        self._ahead_us = 0

    def ask(self) -> None:
        """Set it by the database's."""
        asked_ns = time.time_ns()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self.correct(cursor.fetchone()[0], asked_ns)

    def correct(self, instant: datetime, asked_ns: int) -> None:
        """Set it: the database has just said `instant` to who asked at `asked_ns`."""
        heard_ns = time.time_ns()
        if heard_ns - asked_ns <= SLOW_NS:
            said_us = (instant - _EPOCH) // timedelta(microseconds=1)
            self._ahead_us = said_us - (asked_ns + heard_ns) // 2000

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        return time.time_ns() // 1000 + self._ahead_us

    def now(self) -> datetime:
        """The same as an instant."""
        return _EPOCH + timedelta(microseconds=self.now_us())


CLOCK: Final = Clock()
