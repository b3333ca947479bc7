"""How much is measured: the targets' own numbers, or a quick look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes are deliveries, multiples of the number of webhooks; times are seconds."""

    rounds: int
    ceiling: int
    drain: int
    naive: int
    latency_seconds: int
    live_seconds: int


FULL: Final = Plan(
    rounds=3,
    ceiling=100_000,
    drain=100_000,
    naive=600,
    latency_seconds=60,
    live_seconds=10,
)
QUICK: Final = Plan(
    rounds=1,
    ceiling=20_000,
    drain=20_000,
    naive=300,
    latency_seconds=10,
    live_seconds=10,
)
