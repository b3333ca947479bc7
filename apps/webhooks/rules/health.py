"""How well a webhook is received (contract, decisions "health_data", "warning")."""

from __future__ import annotations

from dataclasses import dataclass

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When to warn. A rate from 0 to 1, a duration in seconds."""

    success_rate: float = 0.9
    duration: float = 3.0
    # Below so many attempts neither says anything.
    attempts: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthWarning:
    """What is critical, by a code and in a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The attempts of a window of time, and how long they took together."""

    attempts: int = 0
    accepted: int = 0
    duration_us: int = 0

    @property
    def success_rate(self) -> float | None:
        """From 0 to 1; None without attempts."""
        return self.accepted / self.attempts if self.attempts else None

    @property
    def average_duration(self) -> float | None:
        """Seconds; None without attempts."""
        if not self.attempts:
            return None
        return self.duration_us / self.attempts / _MICROSECONDS

    def warning(self, thresholds: Thresholds, *, cut_off: bool) -> HealthWarning | None:
        """The gravest of what is wrong, if anything is."""
        if cut_off:
            return HealthWarning(
                code="cut_off",
                message="Nothing is sent before the flusher's next execution: "
                "too many attempts in a row have failed.",
            )
        rate, duration = self.success_rate, self.average_duration
        if self.attempts < thresholds.attempts or rate is None or duration is None:
            return None
        if rate < thresholds.success_rate:
            return HealthWarning(
                code="low_success_rate",
                message=f"{rate:.0%} of {self.attempts} attempts were accepted; "
                f"below {thresholds.success_rate:.0%} is critical.",
            )
        if duration > thresholds.duration:
            return HealthWarning(
                code="slow_endpoint",
                message=f"An attempt takes {duration:.1f} s on average; "
                f"above {thresholds.duration:g} s is critical.",
            )
        return None
