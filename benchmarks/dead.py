"""P5: 100 receivers that never answer beside 100 healthy ones, at 200 a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.latency import RATE
from benchmarks.live import Live, keeps_up
from benchmarks.stats import percentile
from benchmarks.targets import Criterion, Measure, Result

DEAD: Final = 100
# The healthy ones' p99 may grow by a tenth, or by so many milliseconds.
SHARE: Final = 0.1
MILLISECONDS: Final = 5.0


def judge(alone: Sequence[Live], beside: Sequence[Live]) -> Result:
    """P5, by how much later the healthy webhooks are told, round by round."""
    criterion, measures = later(alone, beside, "the dead")
    return Result(
        target="P5", criteria=[criterion, keeps_up(beside, RATE)], measures=measures
    )


def later(
    alone: Sequence[Live], beside: Sequence[Live], what: str
) -> tuple[Criterion, list[Measure]]:
    """How much later live events arrive beside something: what is allowed, and seen."""
    before, after = _p99(alone), _p99(beside)
    allowed = [max(SHARE * each, MILLISECONDS) for each in before]
    pairs = zip(before, after, allowed, strict=True)
    share = [max(0.0, late - early) / most for early, late, most in pairs]
    by = [late - early for early, late in zip(before, after, strict=True)]
    criterion = Criterion(
        measure=Measure(name="of what is allowed", unit="", rounds=share),
        bound=1,
        label="later by, of 10 % or 5 ms,",
    )
    return criterion, [
        Measure(name=f"p99 without {what}", unit="ms", rounds=before),
        Measure(name=f"p99 beside {what}", unit="ms", rounds=after),
        Measure(name="later by", unit="ms", rounds=by),
    ]


def _p99(rounds: Sequence[Live]) -> list[float]:
    return [
        percentile([each.latency_ms for each in live.events], 99) for live in rounds
    ]
