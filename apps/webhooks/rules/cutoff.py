"""When the flusher stops for a webhook (contract, decision "the cutoff")."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoff:
    """The counters of one webhook since its last success, and their limits.

    A timeout counts as a failure too; a success resets both counters.
    """

    max_failures: int = 10
    max_timeouts: int = 2
    failures: int = 0
    timeouts: int = 0

    def after_success(self) -> Cutoff:
        """The counters once a delivery was accepted."""
        if not self.failures:
            return self
        return replace(self, failures=0, timeouts=0)

    def after_failure(self, *, timed_out: bool) -> Cutoff:
        """The counters once a delivery was not accepted."""
        return replace(
            self, failures=self.failures + 1, timeouts=self.timeouts + timed_out
        )

    @property
    def reason(self) -> str | None:
        """Why nothing more may be sent before the next execution, if so."""
        if self.timeouts >= self.max_timeouts:
            return f"{self.timeouts} timeouts"
        if self.failures >= self.max_failures:
            return f"{self.failures} consecutive failures"
        return None
