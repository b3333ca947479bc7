"""Which mistake, or which two, make a signature fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from apps.auth_providers.diagnosis.findings import Finding
from apps.auth_providers.diagnosis.guesses import Axis, Parts
from apps.auth_providers.diagnosis.signatures import Reading

LARGEST_PAIRED = 64 * 1024
"""Bodies up to here are tried with two mistakes at a time: several thousand hashes."""


def explain(
    right: Parts, readings: Sequence[Reading], axes: Sequence[Axis]
) -> tuple[Finding, ...]:
    """What was done differently; empty if no guess fits."""
    for parts, findings in _candidates(right, axes):
        for reading in readings:
            if reading.fits(parts.digest(reading.algorithm)):
                return findings + ((reading.finding,) if reading.finding else ())
    return ()


def _candidates(
    right: Parts, axes: Sequence[Axis]
) -> Iterator[tuple[Parts, tuple[Finding, ...]]]:
    """None of the mistakes, each of them, and then each two about different parts."""
    yield right, ()
    paired = len(right.payload) <= LARGEST_PAIRED
    if paired:
        axes = [axis._replace(guesses=list(axis.guesses)) for axis in axes]
    for axis in axes:
        for guess in axis.guesses:
            yield axis.applied(right, guess), (guess.finding,)
    if not paired:
        return
    for one, other in combinations(axes, 2):
        for first in one.guesses:
            parts = one.applied(right, first)
            for second in other.guesses:
                findings = (first.finding, second.finding)
                yield other.applied(parts, second), findings
