"""Runs drills one after another, each in a world of its own, and tells of each."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple, NoReturn

import redis

from benchmarks.processes import ROOT, BenchmarkError, Children
from tests.drills.drill import Drill, NotHere, Number, Size
from tests.drills.opening import opened
from webhooks_project.embedded import Services
from webhooks_project.embedded.keys import new_keys

FOLDER: Final = ROOT / ".services" / "drills"
LOGS: Final = ROOT / ".services" / "drills-logs"
# A short drill takes half a minute, and its mutant a little longer.
SHORT_LIMIT: Final = 180
LONG_LIMIT: Final = 4 * 3600
# What would make this another service than production's, were it in the environment.
_FOREIGN: Final = ("WEBHOOKS_", "CELERY_", "DATABASE_", "REDIS_", "DRILL_", "PYTHON")
# Production's settings, but for loopback without TLS and for time: what takes a
# minute there takes seconds here, in the same proportions.
SETTINGS: Final[dict[str, object]] = {
    "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
    "HTTPS_ONLY": "false",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_SCHEMA_CHECK": "off",
    "WEBHOOKS_FLUSHER_PERIOD": 2,
    "WEBHOOKS_SWEEP_PERIOD": 1,
    "WEBHOOKS_DEADLINE": 2,
    "WEBHOOKS_SETTLE": 2,
    "WEBHOOKS_LEASE": 4,
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "human",
}


class Outcome(NamedTuple):
    """What came of a drill: its numbers, or what broke it, or what it lacked."""

    numbers: Sequence[Number]
    seconds: float
    broken: str = ""
    lacks: str = ""

    @property
    def met(self) -> bool:
        """Does every number hold?"""
        return not self.broken and all(number.holds for number in self.numbers)

    @property
    def told(self) -> str:
        """The numbers in a line, or the fault."""
        return self.broken or self.lacks or " ".join(map(str, self.numbers))

    def verdict(self, met: str, missed: str) -> str:
        """A word for it."""
        if self.broken or self.lacks:
            return "BROKEN" if self.broken else "SKIPPED"
        return met if self.met else missed


class TooLong(Exception):
    """A drill has no end."""


def drills(chosen: Sequence[Drill], *, long: bool) -> bool:
    """Run them; True if all hold."""
    met = True
    with _servers() as run:
        for drill in chosen:
            outcome = run(drill, drill.long if long else drill.short, "")
            verdict = outcome.verdict("met", "MISSED")
            _say(f"{drill.id} {verdict} {outcome.told}", outcome.seconds)
            met = met and outcome.met
    return met


def mutants(chosen: Sequence[Drill]) -> bool:
    """Run them against their mutants; True if each of those is caught.

    A mutant is caught by numbers that do not hold. A drill that breaks down has
    noticed nothing.
    """
    caught = True
    with _servers() as run:
        for drill in chosen:
            for name in drill.mutants:
                outcome = run(drill, drill.short, name)
                verdict = outcome.verdict("SURVIVED", "caught")
                line = f"{drill.id} mutant {verdict} {name}: {outcome.told}"
                _say(line, outcome.seconds)
                caught = caught and verdict in ("caught", "SKIPPED")
    return caught


def _say(line: str, seconds: float) -> None:
    print(f"{line} ({seconds:.0f} s)", flush=True)


@contextmanager
def _servers() -> Iterator[Callable[[Drill, Size, str], Outcome]]:
    """Servers of this run, with a migrated database that drills copy."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        services = Services(FOLDER, fresh=True, keep=False, environment={})
        stack.enter_context(services)
        environment = _environment(services.environment())
        with Children(LOGS, environment) as children:
            migration = children.python(
                "migration", "django", "migrate", "-v", "0", talks=False
            )
            migration.popen.wait()
            migration.check()

        def run(drill: Drill, size: Size, mutant: str) -> Outcome:
            return _run(services, environment, drill, size, mutant)

        yield run


def _run(
    services: Services,
    environment: Mapping[str, str],
    drill: Drill,
    size: Size,
    mutant: str,
) -> Outcome:
    """One drill, bounded in time."""
    own = {name: str(value) for name, value in drill.settings.items()}
    folder = _folder(drill.id, mutant)
    _restore(services)
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SHORT_LIMIT if size is drill.short else LONG_LIMIT)
    try:
        with opened(services, folder, {**environment, **own}, mutant) as world:
            numbers: Sequence[Number] = drill.run(world, size)
            signal.alarm(0)
        return Outcome(numbers, time.monotonic() - began)
    except NotHere as error:
        return Outcome([], time.monotonic() - began, lacks=f"{error}")
    except (BenchmarkError, TooLong, TimeoutError) as error:
        return Outcome([], time.monotonic() - began, f"{error}")
    finally:
        signal.alarm(0)


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    raise TooLong("It takes too long.")


def _folder(drill: str, mutant: str) -> Path:
    """For the logs of this drill, emptied."""
    folder = LOGS / (f"{drill}-{mutant}" if mutant else drill)
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _restore(services: Services) -> None:
    """Both servers run and Redis is empty, whatever the drill before has done."""
    services.postgres.start()
    services.redis.start()
    with redis.Redis.from_url(services.redis_url) as broker:
        broker.flushall()


def _environment(servers: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN)
    }
    settings = {name: str(value) for name, value in SETTINGS.items()}
    return {**kept, **new_keys(), **settings, **servers}
