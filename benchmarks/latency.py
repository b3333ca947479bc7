"""P2: from commit to receipt, 200 events a second, fan-out 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.live import Live, keeps_up
from benchmarks.stats import percentile
from benchmarks.targets import Criterion, Measure, Result

RATE: Final = 200
# Percentile and milliseconds.
BOUNDS: Final = {50: 4.0, 95: 10.0, 99: 25.0}


def judge(rounds: Sequence[Live]) -> Result:
    """P2, by the medians of each percentile."""
    latencies = [[event.latency_ms for event in each.events] for each in rounds]
    plain = [[event.plain_ms for event in each.events] for each in rounds]
    bounds = [
        Criterion(
            measure=_measure("commit to receipt", percent, latencies),
            bound=bound,
            label=f"p{percent}",
        )
        for percent, bound in BOUNDS.items()
    ]
    doubled = [float(each.duplicates) for each in rounds]
    none_twice = Criterion(
        measure=Measure(name="duplicates", unit="", rounds=doubled),
        bound=0,
        label="duplicates",
        tacit=True,
    )
    return Result(
        target="P2",
        criteria=[*bounds, none_twice, keeps_up(rounds, RATE)],
        measures=[
            *(_measure("without lateness", percent, plain) for percent in BOUNDS),
            _measure("worst,", 100, latencies),
        ],
    )


def _measure(name: str, percent: int, rounds: Sequence[Sequence[float]]) -> Measure:
    values = [percentile(each, percent) for each in rounds]
    return Measure(name=f"{name} p{percent}", unit="ms", rounds=values)
