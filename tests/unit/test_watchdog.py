"""When a worker is taken for deaf: a clock, a broker and services that are told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from apps.webhooks.watchdog import Watchdog

PERIOD, SILENCE = 30.0, 120.0


@dataclass
class World:
    """What surrounds the worker; `hears`: whether what is posted arrives."""

    time: float = 1000.0
    hears: bool = True
    broker: bool = True
    services: bool = True
    ended: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dog = Watchdog(
            silence=SILENCE,
            post=self.post,
            well=lambda: self.services,
            end=lambda: self.ended.append(self.time),
            now=lambda: self.time,
        )

    def post(self) -> bool:
        if self.broker and self.hears:
            self.dog.hear()
        return self.broker

    def wait(self, seconds: float) -> None:
        """Look once a period for so long."""
        for _ in range(int(seconds / PERIOD)):
            self.time += PERIOD
            self.dog.look()


@pytest.fixture
def world() -> World:
    return World()


def test_a_worker_that_hears_goes_on(world):
    world.wait(7200)
    assert world.ended == []


def test_a_worker_that_hears_nothing_ends_after_the_silence(world):
    world.wait(600)
    world.hears, deaf_from = False, world.time
    world.wait(SILENCE)
    assert world.ended == []
    world.wait(PERIOD)
    assert world.ended == [deaf_from + SILENCE + PERIOD]


@pytest.mark.parametrize("away", ["broker", "services"])
def test_while_a_service_is_away_nobody_ends_and_then_there_is_time(world, away):
    world.hears = False
    setattr(world, away, False)
    world.wait(3600)
    assert world.ended == []
    setattr(world, away, True)
    world.wait(SILENCE - PERIOD)
    assert world.ended == []
    world.wait(3 * PERIOD)
    assert world.ended


def test_who_was_frozen_itself_is_given_time(world):
    world.hears = False
    world.time += 3600
    world.dog.look()
    world.wait(SILENCE)
    assert world.ended == []
