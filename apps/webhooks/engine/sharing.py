"""How pumps share the work: when one calls for another, and what it leaves to it."""

from __future__ import annotations

from typing import Final

# More than one pump can do at once for so long, and another one is called: not for
# every burst, since two that are half idle look around twice as often.
HELP_SECONDS: Final = 0.1
# What was left to others would be taken back at once by a pump that did not abstain.
ABSTAIN_SECONDS: Final = 0.1


class Sharing:
    """One pump's view of the others. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        # Among how many pumps the work is shared, as far as this one has seen to it.
        self._among = 1
        self.is_alone = True
        self._calm_at = now
        self._abstains_until = 0.0

    def wants_help(self, now: float, *, saturated: bool) -> bool:
        """Has there been too much for this pump for a while?"""
        if not saturated:
            self._calm_at = now
        return now - self._calm_at > HELP_SECONDS

    def may_acquire(self, now: float) -> bool:
        """Not just after it has left webhooks to others."""
        return now >= self._abstains_until

    def forget(self) -> None:
        """Acquire at once whatever was left to others."""
        self._abstains_until = 0.0

    def kept(self, lanes: int, awake: int, now: float, *, saturated: bool) -> int:
        """How many of its lanes it keeps, with so many pumps `awake`."""
        keep = lanes
        self.is_alone = awake <= 1
        if awake > self._among and saturated:
            self._abstains_until = now + ABSTAIN_SECONDS
            keep = lanes * self._among // awake
            self._among = awake
        self._among = min(self._among, awake)
        return keep
