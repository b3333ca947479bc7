"""How many requests a webhook may have in flight."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A window that opens by one with each success, so doubles per round trip.

    It falls back to one with a failure, so that while a receiver fails it is sent
    one request at a time and the cutoff's counts are exact.
    """

    cap: int
    window: int = 1

    def after_success(self) -> Ramp:
        """One more, up to the cap."""
        return (
            self if self.window >= self.cap else replace(self, window=self.window + 1)
        )

    def after_failure(self) -> Ramp:
        """Back to one."""
        return self if self.window == 1 else replace(self, window=1)
