"""The pure rules: tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.webhooks.rules.cutoff import Cutoff
from apps.webhooks.rules.health import Health, Thresholds
from apps.webhooks.rules.ramp import Ramp
from apps.webhooks.rules.rest import rest_until
from apps.webhooks.rules.timetable import next_execution

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(outcomes: str) -> Cutoff:
    """The counters after S(uccesses), F(ailures) and T(imeouts)."""
    cutoff = Cutoff()
    for outcome in outcomes:
        cutoff = (
            cutoff.after_success()
            if outcome == "S"
            else cutoff.after_failure(timed_out=outcome == "T")
        )
    return cutoff


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ("", None),
        ("S", None),
        ("F" * 9, None),
        ("F" * 10, "10 consecutive failures"),
        ("F" * 9 + "S" + "F" * 9, None),
        ("F" * 9 + "S" + "F" * 10, "10 consecutive failures"),
        ("T", None),
        ("TT", "2 timeouts"),
        ("TST", None),
        ("TFT", "2 timeouts"),
        ("F" * 9 + "T", "10 consecutive failures"),
        ("F" * 8 + "T", None),
    ],
)
def test_it_stops_after_ten_failures_or_two_timeouts(outcomes, reason):
    assert after(outcomes).reason == reason


def test_limits_are_settings():
    cutoff = Cutoff(max_failures=1, max_timeouts=1)
    assert cutoff.after_failure(timed_out=False).reason == "1 consecutive failures"
    assert cutoff.after_failure(timed_out=True).reason == "1 timeouts"


def test_a_success_without_failures_changes_nothing():
    cutoff = Cutoff()
    assert cutoff.after_success() is cutoff


def test_the_window_doubles_per_round_trip_and_stops_at_the_cap():
    ramp, windows = Ramp(cap=32), []
    for _ in range(6):
        windows.append(ramp.window)
        for _ in range(ramp.window):
            ramp = ramp.after_success()
    assert windows == [1, 2, 4, 8, 16, 32]
    assert ramp.window == 32


def test_a_failure_closes_the_window_to_one():
    assert Ramp(cap=32, window=17).after_failure() == Ramp(cap=32, window=1)


@pytest.mark.parametrize(
    ("status", "seconds", "rest"),
    [
        (429, 30, timedelta(seconds=30)),
        (503, 30, timedelta(seconds=30)),
        (503, 86_400, timedelta(hours=1)),
        (500, 30, None),
        (None, 30, None),
        (429, None, None),
        (429, 0, None),
        (429, -5, None),
    ],
)
def test_a_receiver_may_ask_for_at_most_an_hour_of_rest(status, seconds, rest):
    expected = None if rest is None else NOON + rest
    assert rest_until(status, seconds, NOON) == expected


@pytest.mark.parametrize(
    ("began", "expected"),
    [
        (None, NOON + timedelta(seconds=60)),
        (NOON - timedelta(seconds=10), NOON + timedelta(seconds=50)),
        (NOON - timedelta(seconds=60), NOON + timedelta(seconds=60)),
        (NOON - timedelta(seconds=150), NOON + timedelta(seconds=30)),
        (NOON + timedelta(seconds=5), NOON + timedelta(seconds=60)),
    ],
)
def test_the_next_execution_keeps_the_flushers_rhythm(began, expected):
    assert next_execution(began, 60, NOON) == expected


@pytest.mark.parametrize(
    ("attempts", "accepted", "seconds", "cut_off", "code"),
    [
        (0, 0, 0, False, None),
        (9, 0, 90, False, None),
        (10, 8, 0, False, "low_success_rate"),
        (10, 9, 0, False, None),
        (10, 10, 30, False, None),
        (10, 10, 31, False, "slow_endpoint"),
        (10, 0, 310, False, "low_success_rate"),
        (0, 0, 0, True, "cut_off"),
        (10, 0, 310, True, "cut_off"),
    ],
)
def test_it_warns_of_the_gravest(attempts, accepted, seconds, cut_off, code):
    health = Health(
        attempts=attempts, accepted=accepted, duration_us=seconds * 1_000_000
    )
    warning = health.warning(Thresholds(), cut_off=cut_off)
    assert (warning.code if warning else None) == code


def test_health_is_a_rate_and_seconds():
    health = Health(attempts=4, accepted=3, duration_us=1_000_000)
    assert (health.success_rate, health.average_duration) == (0.75, 0.25)
    assert (Health().success_rate, Health().average_duration) == (None, None)
