"""Medians, percentiles, spread: pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    ordered = _ordered(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that `percent` of the values do not exceed (nearest rank)."""
    if not 0 < percent <= 100:
        raise ValueError("A percentile is above 0 and at most 100.")
    ordered = _ordered(values)
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]


def spread(values: Sequence[float]) -> float:
    """From the least to the greatest value, as a share of the median."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def _ordered(values: Sequence[float]) -> list[float]:
    if not values:
        raise ValueError("There are no values.")
    return sorted(values)
