"""How a webhook stands within one replay: pure.

A replay has a cutoff of its own, with the flusher's limits, and leaves the live
traffic's counters alone. What stopped it for a webhook stays until it is resumed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.webhooks.rules.cutoff import Cutoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The counters since the last success; `until` a rest, `stopped` why for good."""

    failures: int = 0
    timeouts: int = 0
    until: datetime | None = None
    stopped: str = ""

    @classmethod
    def of(cls, recorded: dict[str, Any]) -> Standing:
        """As it was recorded."""
        until = recorded.get("until")
        moment = datetime.fromisoformat(until) if until else None
        return cls(**{**recorded, "until": moment})

    @classmethod
    def after(cls, cutoff: Cutoff, until: datetime | None) -> Standing:
        """What the last outcomes leave."""
        return cls(
            failures=cutoff.failures,
            timeouts=cutoff.timeouts,
            until=until,
            stopped=cutoff.reason or "",
        )

    def may_send(self, now: datetime) -> bool:
        """Is it neither stopped nor resting?"""
        return not self.stopped and (self.until is None or self.until <= now)

    def as_json(self) -> dict[str, Any]:
        """To be recorded."""
        return {**asdict(self), "until": self.until.isoformat() if self.until else None}
