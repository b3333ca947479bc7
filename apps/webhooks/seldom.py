"""What would fill the log: said once a minute of each thing, by each process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# What is wrong with a platform or a database is so thousands of times a second.
QUIET_SECONDS: Final = 60.0


class Seldom:
    """What of each thing is said once in a while, and how often it was not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def due(self, thing: str) -> int | None:
        """How often it was not said since it last was; None if it is too soon."""
        with self._lock:
            now = self._clock()
            if now < self._quiet_until.get(thing, now):
                self._unsaid[thing] = self._unsaid.get(thing, 0) + 1
                return None
            self._quiet_until[thing] = now + QUIET_SECONDS
            return self._unsaid.pop(thing, 0)
