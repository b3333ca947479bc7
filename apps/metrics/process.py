"""Figures that only processes know: durations, sizes, counts of what they do.

They are kept in the folder of the setting `PROMETHEUS_MULTIPROC_DIR`, by processes that
were given a place (see files.py). For all others `figures()` is None, and whoever would
feed them does nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from apps.metrics.files import file_place, taken_place

# Seconds. A deadline is 30 at most.
LONG: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SHORT: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0)
BATCHES: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


class Groups(Histogram):
    """A histogram that takes in what was counted elsewhere, many at once."""

    def add(self, counts: Sequence[int], total: float) -> None:
        """`counts`: one for each bucket, the last for what exceeds them all."""
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


class ProcessFigures(NamedTuple):
    """All of them. Durations in seconds."""

    attempts: Counter
    attempt_duration: Groups
    settle_batch_size: Groups
    settle_duration: Groups
    pump_in_flight: Gauge
    pump_sockets: Gauge
    pump_awake: Counter
    pump_runs: Counter
    token_refreshes: Counter
    emit_duration: Histogram
    emitted_events: Counter
    refused_emissions: Counter
    purged: Counter


def new_figures(registry: CollectorRegistry) -> ProcessFigures:
    """At zero, and named as Prometheus shall know them."""
    return ProcessFigures(
        attempts=Counter(
            "bankhooks_attempts",
            "Requests that were sent, by what came of them.",
            ["outcome"],
            registry=registry,
        ),
        attempt_duration=Groups(
            "bankhooks_attempt_duration_seconds",
            "Duration of a whole request.",
            buckets=LONG,
            registry=registry,
        ),
        settle_batch_size=Groups(
            "bankhooks_settle_batch_size",
            "Outcomes that one statement recorded.",
            buckets=BATCHES,
            registry=registry,
        ),
        settle_duration=Groups(
            "bankhooks_settle_duration_seconds",
            "Duration of a statement that records outcomes.",
            buckets=SHORT,
            registry=registry,
        ),
        pump_in_flight=Gauge(
            "bankhooks_pump_in_flight",
            "Requests in flight, of the pumps awake.",
            multiprocess_mode="sum",
            registry=registry,
        ),
        pump_sockets=Gauge(
            "bankhooks_pump_sockets",
            "Requests that the pumps awake may have in flight.",
            multiprocess_mode="sum",
            registry=registry,
        ),
        pump_awake=Counter(
            "bankhooks_pump_awake_seconds",
            "Time that pumps were awake: its rate is how many are.",
            registry=registry,
        ),
        pump_runs=Counter(
            "bankhooks_pump_runs", "Runs of pumps that have ended.", registry=registry
        ),
        token_refreshes=Counter(
            "bankhooks_token_refreshes",
            "Access tokens that token servers were asked for.",
            ["result"],
            registry=registry,
        ),
        emit_duration=Histogram(
            "bankhooks_emit_duration_seconds",
            "Duration of an emission, with its commit unless that is the caller's.",
            buckets=SHORT,
            registry=registry,
        ),
        emitted_events=Counter(
            "bankhooks_emitted_events",
            "Events that were emitted, those of undone transactions included.",
            registry=registry,
        ),
        refused_emissions=Counter(
            "bankhooks_refused_emissions",
            "POST /events answered with 503: for what waits, or for a slow database.",
            ["reason"],
            registry=registry,
        ),
        purged=Counter(
            "bankhooks_purged",
            "Rows that retention removed for their age; of events, their bodies.",
            ["kind"],
            registry=registry,
        ),
    )


class Gathered:
    """What shall go into a histogram, counted in a plain list meanwhile.

    Writing one figure costs microseconds, and a pump has tens of thousands a second.
    `unit`: how many of the values are one of the histogram's.
    """

    __slots__ = ("_bounds", "_counts", "_into", "_total", "_unit")

    def __init__(self, into: Groups, bounds: Sequence[float], *, unit: int = 1) -> None:
        self._into = into
        self._unit = unit
        self._bounds = [bound * unit for bound in bounds]
        self._clear()

    def observe(self, observed: Iterable[float]) -> None:
        """Count values."""
        bounds, counts, total = self._bounds, self._counts, 0.0
        for value in observed:
            counts[bisect_left(bounds, value)] += 1
            total += value
        self._total += total

    def hand_on(self) -> None:
        """Put them into the histogram."""
        self._into.add(self._counts, self._total / self._unit)
        self._clear()

    def _clear(self) -> None:
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0


def figures() -> ProcessFigures | None:
    """This process's, if it has a place and there is a folder."""
    return _of(settings.PROMETHEUS_MULTIPROC_DIR, taken_place())


@lru_cache(maxsize=4)
def _of(folder: str, place: str | None) -> ProcessFigures | None:
    if not folder or place is None:
        return None
    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    # By place instead of process id, before the first figure is made.
    values.ValueClass = values.MultiProcessValue(file_place)  # type: ignore[no-untyped-call]
    kept = new_figures(CollectorRegistry())
    # Of a predecessor that was killed in flight.
    kept.pump_in_flight.set(0)
    kept.pump_sockets.set(0)
    return kept
