"""P9: CPU per delivery of workers, PostgreSQL and Redis, at drain and live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.drain import Drain
from benchmarks.live import Live, keeps_up
from benchmarks.targets import Criterion, Measure, Result

RATE: Final = 1_000
DRAIN_BOUND: Final = 120
LIVE_BOUND: Final = 800


def judge(drains: Sequence[Drain], rounds: Sequence[Live]) -> Result:
    """P9, by the medians of both."""
    return Result(
        target="P9",
        criteria=[
            Criterion(
                measure=_measure("CPU at drain", drains),
                bound=DRAIN_BOUND,
                label="drain",
            ),
            Criterion(
                measure=_measure("CPU live at 1,000/s", rounds),
                bound=LIVE_BOUND,
                label="live",
            ),
            keeps_up(rounds, RATE),
        ],
        measures=[*_parts("at drain", drains), *_parts("live", rounds)],
    )


def _measure(
    name: str, rounds: Sequence[Drain] | Sequence[Live], *parts: str
) -> Measure:
    values = [each.cost(*parts) for each in rounds]
    return Measure(name=name, unit="µs/delivery", rounds=values)


def _parts(name: str, rounds: Sequence[Drain] | Sequence[Live]) -> list[Measure]:
    return [_measure(f"{part} {name}", rounds, part) for part in rounds[0].cpu]
