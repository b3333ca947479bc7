"""The benchmark's arithmetic, and how its verdicts read."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import dead
from benchmarks.live import Event, Live
from benchmarks.session import TARGETS
from benchmarks.stats import median, percentile, spread
from benchmarks.targets import Criterion, Measure, Result, figure


@pytest.mark.parametrize(
    ("values", "middle"),
    [([3], 3), ([3, 1, 2], 2), ([4, 1, 3, 2], 2.5), ([1.5, 1.5], 1.5)],
)
def test_the_median_is_in_the_middle(values, middle):
    assert median(values) == middle


@pytest.mark.parametrize(
    ("percent", "value"),
    [(1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)],
)
def test_a_percentile_is_the_nearest_rank(percent, value):
    assert percentile(range(100, 0, -1), percent) == value


def test_a_percentile_of_one_value_is_that_value():
    assert percentile([7.5], 1) == percentile([7.5], 99) == 7.5


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_a_percentile_lies_within_the_values(percent):
    with pytest.raises(ValueError, match="above 0"):
        percentile([1], percent)


@pytest.mark.parametrize("statistic", [median, spread, lambda v: percentile(v, 50)])
def test_nothing_is_said_of_no_values(statistic):
    with pytest.raises(ValueError, match="no values"):
        statistic([])


@pytest.mark.parametrize(
    ("values", "share"), [([10, 9, 12], 0.3), ([5], 0), ([0, 0], 0)]
)
def test_the_spread_is_a_share_of_the_median(values, share):
    assert spread(values) == pytest.approx(share)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.50"), (0.624, "0.62"), (43.06, "43.1"), (119.6, "120"), (12345, "12345")],
)
def test_a_figure_has_about_three_digits(value, text):
    assert figure(value) == text


def criterion(*rounds: float, bound: float, **changes: Any) -> Criterion:
    measure = Measure(name="measured", unit="ms", rounds=rounds)
    return Criterion(measure=measure, bound=bound, **changes)


def result(*criteria: Criterion) -> Result:
    return Result(target="P1", criteria=criteria, measures=[])


def test_a_target_that_is_met_says_by_how_much():
    ratio = criterion(43.1, 39, 50, bound=40, at_least=True)
    assert result(ratio).line == "P1 met 43.1 >= 40"
    assert result(ratio).met


def test_a_target_that_is_missed_names_what_missed_it():
    median_latency = criterion(2, bound=4, label="p50")
    tail = criterion(31, bound=25, label="p99")
    assert result(median_latency, tail).line == "P1 missed p99 31.0 > 25"
    assert not result(median_latency, tail).met


def test_several_bounds_are_told_together():
    ratio = criterion(43.1, bound=40, at_least=True)
    bare = criterion(0.62, bound=0.5, at_least=True, label="bare")
    assert result(ratio, bare).line == "P1 met 43.1 >= 40, bare 0.62 >= 0.5"


@pytest.mark.parametrize(
    ("duplicates", "line"),
    [(0, "P1 met 43.1 >= 40"), (2, "P1 missed duplicates 2.0 > 0")],
)
def test_a_tacit_bound_is_told_only_if_missed(duplicates, line):
    ratio = criterion(43.1, bound=40, at_least=True)
    none = criterion(duplicates, bound=0, label="duplicates", tacit=True)
    assert result(ratio, none).line == line


def test_rounding_does_not_help_to_meet_a_target():
    assert criterion(120, bound=120).met
    assert not criterion(120.2, bound=120).met
    assert not criterion(0.497, bound=0.5, at_least=True).met


def test_every_target_that_can_be_measured_has_its_number():
    assert list(TARGETS) == sorted(TARGETS, key=lambda name: int(name[1:]))


@pytest.mark.parametrize(
    ("before", "after", "met"),
    [(10, 15, True), (10, 15.1, False), (100, 110, True), (100, 110.1, False)],
)
def test_the_dead_may_cost_a_tenth_or_five_milliseconds(before, after, met):
    rounds = [[_live(latency)] for latency in (before, after)]
    assert dead.judge(*rounds).met is met


def _live(latency_ms: float) -> Live:
    event = Event(0, 0, 0, round(latency_ms * 1e6))
    return Live(events=[event], seconds=1, deliveries=200, cpu={}, duplicates=0)
