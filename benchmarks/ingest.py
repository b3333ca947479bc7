"""P3: 1,000 events a second through `POST /events`, from asking to receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.live import Live, keeps_up
from benchmarks.stats import percentile
from benchmarks.targets import Criterion, Measure, Result

RATE: Final = 1_000
BOUND_MS: Final = 30.0
PERCENTS: Final = (50, 95, 99)


def judge(rounds: Sequence[Live]) -> Result:
    """P3, by the medians of each percentile."""
    measures = {
        percent: Measure(
            name=f"asking to receipt p{percent}",
            unit="ms",
            rounds=[
                percentile([event.latency_ms for event in each.events], percent)
                for each in rounds
            ],
        )
        for percent in PERCENTS
    }
    p95 = Criterion(measure=measures.pop(95), bound=BOUND_MS, label="p95")
    costs = [
        Measure(
            name=f"{name}, CPU",
            unit="µs/event",
            rounds=[each.cost(name) for each in rounds],
        )
        for name in rounds[0].cpu
    ]
    return Result(
        target="P3",
        criteria=[p95, keeps_up(rounds, RATE)],
        measures=[*measures.values(), *costs],
    )
