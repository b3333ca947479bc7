"""How much is measured: the targets' own numbers, a quarter of an hour, or a look."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    bulk: int
    dead_seconds: int
    unsent: int
    delivered: int
    one_webhook: int
    many_webhooks: int
    ingest_seconds: int
    recovered: int
    purged: int


# As the targets are put: 25 minutes, a third of it for ten million rows.
FULL: Final = Plan(
    rounds=3,
    ceiling=100_000,
    drain=100_000,
    naive=600,
    latency_seconds=60,
    live_seconds=10,
    bulk=20_000,
    dead_seconds=20,
    unsent=1_000_000,
    delivered=10_000_000,
    one_webhook=100_000,
    many_webhooks=10_000,
    ingest_seconds=60,
    recovered=10_000,
    purged=200_000,
)
# The same three rounds within a quarter of an hour.
SHORTER: Final = replace(
    FULL,
    latency_seconds=30,
    ingest_seconds=30,
    dead_seconds=10,
    unsent=200_000,
    delivered=1_000_000,
)
QUICK: Final = Plan(
    rounds=1,
    ceiling=20_000,
    drain=100_000,
    naive=300,
    latency_seconds=8,
    live_seconds=6,
    bulk=5_000,
    dead_seconds=8,
    unsent=50_000,
    delivered=100_000,
    one_webhook=5_000,
    many_webhooks=4_000,
    ingest_seconds=8,
    recovered=5_000,
    purged=20_000,
)
