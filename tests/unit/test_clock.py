"""The database's clock, as a process knows it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from apps.webhooks.engine.clock import SLOW_NS, Clock


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_it_is_the_databases_whatever_this_machines_is(hours):
    clock, ahead = Clock(), timedelta(hours=hours)
    clock.correct(datetime.now(UTC) + ahead, time.time_ns())
    difference = clock.now() - datetime.now(UTC) - ahead
    assert abs(difference) < timedelta(minutes=1)


def test_an_answer_that_was_late_says_nothing_of_the_instant():
    clock = Clock()
    clock.correct(datetime.now(UTC) + timedelta(hours=1), time.time_ns() - 2 * SLOW_NS)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
