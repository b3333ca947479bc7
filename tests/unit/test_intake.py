"""Who waits for a slow database, and who is refused at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from apps.webhooks import intake
from apps.webhooks.intake import PLACES, Intake, Overloaded
from webhooks_project import gunicorn_config

# So long that a test which waits for it does not end.
FOR_EVER = 1e6


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is for the intake: its only item."""
    now = [1_000.0]
    monkeypatch.setattr(intake, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture(autouse=True)
def _patience(settings: Any) -> None:
    settings.WEBHOOKS_EMIT_PATIENCE = FOR_EVER


class Taker:
    """Takes a place in a thread of its own, and keeps it until it is told."""

    def __init__(self, found: Intake) -> None:
        self._over = threading.Event()
        self.entered = threading.Event()
        self._thread = threading.Thread(target=self._take, args=[found])
        self._thread.start()

    def _take(self, found: Intake) -> None:
        with found.place():
            self.entered.set()
            self._over.wait(10)

    def end(self) -> None:
        """Leave the place."""
        self._over.set()
        self._thread.join(10)


@contextmanager
def all_taken(found: Intake) -> Iterator[list[Taker]]:
    """Each place is somebody's."""
    takers = [Taker(found) for _ in range(PLACES)]
    assert all(taker.entered.wait(10) for taker in takers)
    yield takers
    for taker in takers:
        taker.end()


def test_the_web_has_threads_left_when_the_database_is_slow():
    assert gunicorn_config.threads > PLACES


@pytest.mark.parametrize("late", [0, 1])
def test_one_more_waits_for_a_place(clock, late):
    found = Intake()
    for _ in range(late):
        with found.place():
            clock[0] += FOR_EVER + 1
    with all_taken(found) as takers:
        waiting = Taker(found)
        assert not waiting.entered.wait(0.02)
        takers[0].end()
        assert waiting.entered.wait(10)
        waiting.end()


def test_one_more_is_refused_after_a_while(settings):
    settings.WEBHOOKS_EMIT_PATIENCE = 0.01
    found = Intake()
    with all_taken(found), pytest.raises(Overloaded), found.place():
        pass
    with found.place():
        pass


def test_nobody_waits_behind_those_that_are_late(clock):
    found = Intake()
    with all_taken(found):
        clock[0] += FOR_EVER + 1
        with pytest.raises(Overloaded), found.place():
            pass


def test_nobody_waits_after_two_that_were_late(clock):
    found = Intake()
    for _ in range(2):
        with found.place():
            clock[0] += FOR_EVER + 1
    with all_taken(found), pytest.raises(Overloaded), found.place():
        pass


def test_patience_may_be_without_end(settings):
    settings.WEBHOOKS_EMIT_PATIENCE = 0.0
    found = Intake()
    with ExitStack() as stack:
        for _ in range(PLACES + 1):
            stack.enter_context(found.place())
