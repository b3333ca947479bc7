"""When connections are due: the period, the spread, wrong passwords."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from apps.connections.schedule import next_slot, next_sync

NOW = datetime(2026, 7, 14, 13, 37, tzinfo=UTC)
DAY = timedelta(days=1)


def due(state: str | None, wrongpasses: int = 0, retry: bool = True) -> datetime | None:
    return next_sync(
        7,
        state,
        wrongpasses=wrongpasses,
        period=DAY,
        retry_wrongpass=retry,
        now=NOW,
    )


def test_connections_are_spread_evenly_over_the_day():
    slots = [next_slot(number, period=DAY, now=NOW) for number in range(1, 4801)]
    hours = Counter(slot.hour for slot in slots)
    assert len(hours) == 24
    assert all(140 < count < 260 for count in hours.values())


@pytest.mark.parametrize("days", [0.5, 1, 2, 7.25])
def test_a_connection_keeps_its_moment_of_the_period(days):
    period = timedelta(days=days)
    first = next_slot(42, period=period, now=NOW)
    second = next_slot(42, period=period, now=first)
    assert period / 2 <= first - NOW <= period * 1.5
    assert abs(second - first - period) < timedelta(seconds=1)


def test_a_request_shortly_before_does_not_move_the_moment():
    slot = next_slot(42, period=DAY, now=NOW)
    later = next_slot(42, period=DAY, now=slot - timedelta(hours=1))
    assert abs(later - slot - DAY) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("wrongpasses", "retry", "wait"),
    [
        (1, True, timedelta(hours=12)),
        (2, True, timedelta(days=7)),
        (9, True, timedelta(days=7)),
        (1, False, None),
    ],
)
def test_a_wrong_password_is_tried_after_12_hours_then_every_7_days(
    wrongpasses, retry, wait
):
    found = due("wrongpass", wrongpasses, retry)
    assert found == (None if wait is None else NOW + wait)


@pytest.mark.parametrize(
    ("state", "is_scheduled"),
    [
        (None, True),
        ("websiteUnavailable", True),
        ("rateLimiting", True),
        ("bug", True),
        ("a state of tomorrow", True),
        ("SCARequired", False),
        ("webauthRequired", False),
        ("additionalInformationNeeded", False),
        ("decoupled", False),
        ("validating", False),
        ("actionNeeded", False),
        ("passwordExpired", False),
        ("notSupported", False),
    ],
)
def test_what_waits_for_the_user_is_not_tried_without(state, is_scheduled):
    assert (due(state) is not None) is is_scheduled
