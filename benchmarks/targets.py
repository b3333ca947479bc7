"""What a target asks for, and whether it was met: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.stats import median, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something measured once per round; `unit` is for the reader."""

    name: str
    unit: str
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        """What counts."""
        return median(self.rounds)

    @property
    def spread(self) -> float:
        """How far the rounds are apart, as a share of the median."""
        return spread(self.rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A bound on the median of a measure; `label` tells it from its neighbours.

    A `tacit` one is spoken of only when it is missed.
    """

    measure: Measure
    bound: float
    at_least: bool = False
    label: str = ""
    tacit: bool = False

    @property
    def met(self) -> bool:
        """Judged by the number as measured, not as it is rounded to be shown."""
        middle = self.measure.median
        return middle >= self.bound if self.at_least else middle <= self.bound

    def __str__(self) -> str:
        kept, broken = (">=", "<") if self.at_least else ("<=", ">")
        sign = kept if self.met else broken
        said = f"{figure(self.measure.median)} {sign} {self.bound:g}"
        return f"{self.label} {said}".lstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one target: its criteria, and what else is worth knowing."""

    target: str
    criteria: Sequence[Criterion]
    measures: Sequence[Measure]

    @property
    def met(self) -> bool:
        """All of it."""
        return all(criterion.met for criterion in self.criteria)

    @property
    def line(self) -> str:
        """`P1 met 43.1 >= 40`, or `P2 missed p99 31.0 > 25`."""
        if self.met:
            said = [each for each in self.criteria if not each.tacit]
        else:
            said = [each for each in self.criteria if not each.met]
        verdict = "met" if self.met else "missed"
        return f"{self.target} {verdict} {', '.join(map(str, said))}"


def figure(value: float) -> str:
    """Three digits or so, without an exponent."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
