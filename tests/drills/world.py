"""The world of one drill: servers, the service's processes, the emitter, the receiver.

A drill starts what it needs, breaks it, and asks for a verdict. Whatever happens,
everything that was started is gone afterwards.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

import psycopg2
import redis

from apps.receiver.server import Receiver
from benchmarks.processes import Child, Children
from tests.drills import skewed
from tests.drills.drill import Number
from tests.drills.ledger import Ledger, Pair
from webhooks_project.embedded import Services

APP: Final = "webhooks_project"
CHILD: Final = "tests.drills.child"
QUIET: Final = ("-O", "fair", "--without-gossip", "--without-mingle", "-l", "INFO")
EVENT: Final = "CONNECTION_SYNCED"
OTHER_EVENT: Final = "ACCOUNT_SYNCED"
POLL_SECONDS: Final = 0.02
# For what a killed process had already written to its sockets to be read.
ARRIVAL_SECONDS: Final = 0.1
# Longer than a lease, a sweep and an execution of the flusher one after another.
STUCK_SECONDS: Final = 15.0
_GONE: Final = (psycopg2.OperationalError, psycopg2.InterfaceError)
_PLAIN: Final = psycopg2.DatabaseError
_PENDING: Final = "SELECT id FROM webhooks_webhookdata WHERE state <> 2"
_LEFT: Final = "SELECT count(*) FROM webhooks_webhookdata WHERE state IN (0, 1)"


@dataclass(slots=True)
class World:
    """What a drill may use."""

    services: Services
    children: Children
    receiver: Receiver
    ledger: Ledger
    folder: Path
    database_url: str
    emitter: Child
    paths: dict[str, list[str]] = field(default_factory=dict)
    expected: set[Pair] = field(default_factory=set)
    unknown: int = 0
    _started: list[Child] = field(default_factory=list)
    _number: int = 0
    _emitting: str = ""
    _emitting_seconds: float = 0.0
    _database: Any = None

    # Processes.

    def start(
        self, title: str, *command: object, talks: bool = False, **settings: Any
    ) -> Child:
        """A process of the service; `settings` are its own variables."""
        self._number += 1
        entry = "tests.drills.skewed" if skewed.VARIABLE in settings else CHILD
        with self.children.told(settings):
            child = self.children.python(
                f"{self._number} {title}", entry, *command, talks=talks
            )
        self._started.append(child)
        return child

    def worker(
        self, queue: str, processes: int = 2, *options: object, **settings: Any
    ) -> Child:
        """A Celery worker that is starting."""
        own = ["-Q", queue, "-c", processes, "-n", f"{queue}{self._number}@drill"]
        command = ["celery", "-A", APP, "worker", *own, *QUIET, *options]
        return self.start(queue, *command, **settings)

    def control(self, **settings: Any) -> Child:
        """The worker of the other queue, with beat in it."""
        schedule = self.folder / f"schedule-{self._number}"
        return self.worker("control", 1, "-B", "-s", schedule, **settings)

    def service(self, pumps: int = 1, **settings: Any) -> list[Child]:
        """The whole service, ready: so many pump workers, then the control worker."""
        workers = [self.worker("pump", **settings) for _ in range(pumps)]
        return self.ready(*workers, self.control(**settings))

    def ready(self, *workers: Child) -> list[Child]:
        """Wait until workers are."""
        for worker in workers:
            worker.wait_for(" ready.")
        return list(workers)

    def kill(self, *children: Child) -> None:
        """kill -9 of whole groups: no clean-up of any kind."""
        for child in children:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.popen.wait()
            self._started.remove(child)
            self.children.stop(child)

    def signal(self, child: Child, number: signal.Signals) -> None:
        """Send a signal to a whole group."""
        os.killpg(child.pid, number)

    def killed(self, *children: Child) -> None:
        """Kill, and note what the receiver has and nobody recorded: the windows that
        were in flight, and the outcomes that were not settled."""
        self.kill(*children)
        self.note_unrecorded()

    def note_unrecorded(self) -> None:
        """So many may come again."""
        time.sleep(ARRIVAL_SECONDS)
        self.unknown += len(self.unrecorded())

    def end(self) -> None:
        """kill -9 of everything, stopped processes too."""
        self.kill(*self._started)
        if self._database is not None:
            self._database.close()

    # Emission.

    def register(self, *paths: str, event: str = EVENT, **fields: object) -> list[int]:
        """Webhooks at paths of the receiver; their ids."""
        self.paths.setdefault(event, []).extend(paths)
        urls = [self.receiver.url(path) for path in paths]
        order = {"do": "register", "event": event, "urls": urls, "fields": fields}
        self.emitter.tell(order)
        ids: list[int] = self.emitter.hear()
        return ids

    def begin_emitting(
        self,
        count: int,
        *,
        seconds: float = 0.0,
        event: str = EVENT,
        size: int = 500,
        group: int = 1,
    ) -> None:
        """Have events emitted meanwhile."""
        self._emitting, self._emitting_seconds = event, seconds
        order = {"do": "emit", "event": event, "count": count, "seconds": seconds}
        self.emitter.tell({**order, "size": size, "group": group})

    def emitted(self) -> dict[str, Any]:
        """Wait for the emitter; what it tells, once everything is committed."""
        told: dict[str, Any] = self.emitter.hear(self._emitting_seconds)
        serials = range(told["first"], told["first"] + told["count"])
        for path in self.paths[self._emitting]:
            self.expected.update((serial, path) for serial in serials)
        return told

    def emit(self, count: int, **options: Any) -> dict[str, Any]:
        """Have events emitted, and wait."""
        self.begin_emitting(count, **options)
        return self.emitted()

    def race(self, name: str, **options: Any) -> dict[str, int]:
        """Have the emitter do something with many threads; see `racers`."""
        self.emitter.tell({"do": "race", "name": name, **options})
        told: dict[str, int] = self.emitter.hear()
        return told

    def expect(self, serials: Iterable[int], *paths: str) -> None:
        """What was emitted in a race is to arrive at paths."""
        self.expected.update(product(serials, paths))

    # Waiting.

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds; False if it does not in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def drained(self, stuck: float = STUCK_SECONDS, most: float = 600.0) -> float:
        """Wait until nothing is pending, or nothing moves; how long that took."""
        began = moved = time.monotonic()
        seen = (-1, -1)
        while time.monotonic() < min(moved + stuck, began + most):
            now = (self.left(), self.ledger.requests)
            if not now[0]:
                break
            if now != seen:
                seen, moved = now, time.monotonic()
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def left(self) -> int:
        """How many are to be sent."""
        return int(self.rows(_LEFT)[0][0])

    # Both sides' books.

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database, on a connection of the drill's own."""
        for _ in range(100):
            try:
                if self._database is None:
                    self._database = psycopg2.connect(self.database_url)
                    self._database.autocommit = True
                with self._database.cursor() as cursor:
                    cursor.execute(statement, parameters or None)
                    return list(cursor.fetchall()) if cursor.description else []
            except psycopg2.Error as error:
                # What a server says that is going away has no class of its own.
                if not isinstance(error, _GONE) and type(error) is not _PLAIN:
                    raise
                self._database = None
                time.sleep(0.2)
        raise TimeoutError("The database does not come back.")

    def pending(self) -> set[int]:
        """The ids that are not recorded as delivered."""
        return {row for (row,) in self.rows(_PENDING)}

    def unrecorded(self) -> set[int]:
        """Accepted by the receiver, and not recorded as delivered."""
        pending = self.pending()
        return self.ledger.ids() & pending

    def lost(self) -> int:
        """What was committed and did not arrive."""
        return len(self.ledger.lost(self.expected))

    def verdict(self, *, duplicates: float | None = None) -> list[Number]:
        """The numbers that every drill must hold.

        `duplicates`: the most there may be; without it those that were noted.
        """
        rows = self.rows("SELECT id FROM webhooks_webhookdata WHERE state = 2")
        delivered = {row for (row,) in rows}
        bound = self.unknown if duplicates is None else duplicates
        return [
            Number("lost", self.lost()),
            Number("dups", self.ledger.duplicates(), most=bound),
            Number("false_delivered", len(delivered - self.ledger.ids())),
            Number("forged", self.ledger.forged),
        ]

    @property
    def broker(self) -> redis.Redis:
        """A connection to Redis, of the drill's own."""
        return redis.Redis.from_url(self.services.redis_url, socket_timeout=5)
