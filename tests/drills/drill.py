"""What a drill is: what it does, how much of it, and the numbers it must hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.drills.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much: deliveries, faults, seconds; each drill says what it takes of it."""

    deliveries: int = 0
    faults: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Number:
    """One number that was measured, and what it must be between."""

    name: str
    value: float
    most: float = 0.0
    least: float = 0.0

    @property
    def holds(self) -> bool:
        """Is it within its bounds?"""
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        text = f"{self.name}={_short(self.value)}"
        if not self.holds and self.value < self.least:
            return f"{text}<{_short(self.least)}!"
        if not self.holds:
            return f"{text}>{_short(self.most)}!"
        if 0 < self.most < math.inf and self.most != self.least:
            return f"{text}<={_short(self.most)}"
        return text


def told(name: str, value: float) -> Number:
    """A number without a bound, for who reads the line."""
    return Number(name, value, most=math.inf, least=-math.inf)


def _short(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


class NotHere(Exception):
    """What a drill needs is not on this machine; says what that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill.

    `passes`: what must hold, as docs/reliability.md says it. `mutants`: each removes
    a guard, and the drill must then miss its numbers. `settings` go over the
    environment of the service's processes.
    """

    id: str
    title: str
    passes: str
    short: Size
    long: Size
    mutants: Sequence[str]
    run: Callable[[World, Size], Sequence[Number]]
    settings: dict[str, object] = field(default_factory=dict)
