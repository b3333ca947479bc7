"""When a pump looks into the database: at once for one ring, less often for many."""

from __future__ import annotations

from typing import Final

# How often the bell is looked at while requests are in flight; a look costs 0.1 ms.
POLL_SECONDS: Final = 0.002
BUSY_POLL_SECONDS: Final = 0.01
# With so many requests that end a second, looking less often serves more webhooks at
# once. Those that hang do not count: they keep nobody from looking.
MANY: Final = 2000


class Pace:
    """Of one pump. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.next_look = 0.0
        self._rested_at = 0.0
        self._looked_at = 0.0

    def looked(self, began: float, now: float, *, rings: int, ended: int) -> None:
        """Rest from a look: the longer, the more there are to wait for.

        `ended`: requests that have ended since the last look.
        """
        took = now - began
        many = ended > MANY * (began - self._looked_at)
        self._looked_at = began
        rest = max(2 * took, min(BUSY_POLL_SECONDS, 2 * rings * took))
        self._rested_at = began + rest
        pause = BUSY_POLL_SECONDS if many else POLL_SECONDS
        self.next_look = max(began + pause, self._rested_at)

    def rang(self) -> None:
        """Look as soon as it has rested: half of the time at most goes into looks."""
        self.next_look = self._rested_at

    def look_at(self, instant: float) -> None:
        """Do not rest, or for longer."""
        self.next_look = instant

    def left(self, now: float) -> float:
        """For how many seconds yet there is no look."""
        return max(0.0, self.next_look - now)
