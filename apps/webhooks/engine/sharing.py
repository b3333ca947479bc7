"""How pumps share the work: when one calls for another, and what it leaves to it."""

from __future__ import annotations

from typing import Final, NamedTuple

# More than one pump can do at once for so long, and others are to help: not for
# every burst, since two that are half idle look around twice as often.
HELP_SECONDS: Final = 0.1
# What was left to others would be taken back at once by a pump that did not abstain.
ABSTAIN_SECONDS: Final = 0.1


class Company(NamedTuple):
    """How many pumps are awake, oneself included, and how many others are free."""

    awake: int
    free: int


class Sharing:
    """One pump's view of the others. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
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

    def kept(
        self, lanes: int, company: Company, now: float, *, wants_help: bool
    ) -> int:
        """How many of its lanes it keeps: not the share of those that are free.

        What they do with it shows after a while; then there may be more to share.
        """
        self.is_alone = company.awake <= 1
        left = lanes * company.free // company.awake if wants_help else 0
        if left:
            self._abstains_until = now + ABSTAIN_SECONDS
            self._calm_at = now
        return lanes - left
