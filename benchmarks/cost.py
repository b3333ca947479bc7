"""P9: CPU per delivery of workers, PostgreSQL and Redis, at drain and live.

The bounds are microseconds of the machine that they were set on. On a slower one
they are compared with what a delivery would cost there, by the yardstick of one bare
libcurl request, which took 17 µs there (docs/adr/0008). On a faster one nothing is
added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.drain import Drain
from benchmarks.live import Live, keeps_up
from benchmarks.targets import Criterion, Measure, Result

RATE: Final = 1_000
DRAIN_BOUND: Final = 120
LIVE_BOUND: Final = 800
# One request of a bare CurlMulti loop on the machine of the bounds: 15 to 17 µs.
YARDSTICK_US: Final = 17.0


def judge(drains: Sequence[Drain], rounds: Sequence[Live], loop_us: float) -> Result:
    """P9, by the medians of both; `loop_us`: what a bare request costs here."""
    slower = max(1.0, loop_us / YARDSTICK_US)
    at_drain = _measure("CPU at drain", drains)
    live = _measure("CPU live at 1,000/s", rounds)
    return Result(
        target="P9",
        criteria=[
            Criterion(
                measure=_at_reference(at_drain, slower),
                bound=DRAIN_BOUND,
                label="drain",
            ),
            Criterion(
                measure=_at_reference(live, slower),
                bound=LIVE_BOUND,
                label="live",
            ),
            keeps_up(rounds, RATE),
        ],
        measures=[
            Measure(name="slower than the reference", unit="times", rounds=[slower]),
            at_drain,
            live,
            *_parts("at drain", drains),
            *_parts("live", rounds),
        ],
    )


def _at_reference(measure: Measure, slower: float) -> Measure:
    return Measure(
        name=f"{measure.name}, at the reference's speed",
        unit=measure.unit,
        rounds=[each / slower for each in measure.rounds],
    )


def _measure(
    name: str, rounds: Sequence[Drain] | Sequence[Live], *parts: str
) -> Measure:
    values = [each.cost(*parts) for each in rounds]
    return Measure(name=name, unit="µs/delivery", rounds=values)


def _parts(name: str, rounds: Sequence[Drain] | Sequence[Live]) -> list[Measure]:
    return [_measure(f"{part} {name}", rounds, part) for part in rounds[0].cpu]
