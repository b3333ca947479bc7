"""What `POST /events` takes: nothing while too much waits, or the database is slow.

A refusal at once is better than a timeout late: the caller keeps its event, and tries
again. Only HTTP is refused; `emit` belongs to its caller's transaction. Each process
judges by itself, and asks the database for nothing in the common case.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

from django.conf import settings

from apps.metrics.process import figures
from apps.webhooks.figures import count_pending
from apps.webhooks.seldom import Seldom

# Emissions of a process that wait for the database at a time. The web has more threads
# than that, to answer everybody else.
PLACES: Final = 4
# One slow emission may be a large one; two of the last eight are the database.
LATE: Final = 2
REMEMBERED: Final = 2 * PLACES
# The backlog is counted once a second, or more seldom where that takes long.
LOOK_SECONDS: Final = 1.0
MOST_LOOK_SECONDS: Final = 30.0
LOOK_SHARE: Final = 30

logger = logging.getLogger(__name__)


class Overloaded(Exception):
    """Nothing is taken now; the text is a sentence for the caller."""


class Intake:
    """One process's judgement, shared by its threads."""

    def __init__(self) -> None:
        # A semaphore of a single call to C; Python's own costs requests a twentieth.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(PLACES):
            self._places.put(None)
        self._began: dict[int, float] = {}
        self._late: deque[bool] = deque(maxlen=REMEMBERED)
        self._looking = threading.Lock()
        self._next_look = 0.0
        self._pending = 0
        self._seldom = Seldom()

    def check_backlog(self) -> None:
        """Raise `Overloaded` while more than `WEBHOOKS_MAX_BACKLOG` is to be sent.

        The figure is a second old, or 30 times as old as counting it took, up to half
        a minute. Raises `OperationalError` if it cannot be counted.
        """
        most = settings.WEBHOOKS_MAX_BACKLOG
        if not most:
            return
        if time.monotonic() >= self._next_look and self._looking.acquire(
            blocking=False
        ):
            try:
                self._look(most)
            finally:
                self._looking.release()
        if self._pending > most:
            self._refuse("backlog", f"More than {most} deliveries wait to be sent.")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place to wait for the database at; raise `Overloaded` if there is none.

        Waits for one for `WEBHOOKS_EMIT_PATIENCE`, or not at all while those that have
        one are later than that.
        """
        patience = settings.WEBHOOKS_EMIT_PATIENCE
        if not patience:
            yield
            return
        if not self._enter(patience):
            self._refuse("database", "The database is slow.")
        me, began = threading.get_ident(), time.monotonic()
        self._began[me] = began
        try:
            yield
        finally:
            del self._began[me]
            self._late.append(time.monotonic() - began > patience)
            self._places.put(None)

    def _enter(self, patience: float) -> bool:
        if self._takes_place(0.0):
            return True
        since = time.monotonic() - patience
        late = sum(began < since for began in list(self._began.values()))
        if late + sum(list(self._late)) >= LATE:
            return False
        return self._takes_place(patience)

    def _takes_place(self, seconds: float) -> bool:
        try:
            self._places.get(timeout=seconds)
        except Empty:
            return False
        return True

    def _look(self, most: int) -> None:
        began = time.monotonic()
        try:
            self._pending = count_pending(most + 1)
        finally:
            # A look that fails is not repeated by each request, either.
            ended = time.monotonic()
            pause = max(LOOK_SECONDS, LOOK_SHARE * (ended - began))
            self._next_look = ended + min(pause, MOST_LOOK_SECONDS)

    def _refuse(self, reason: str, sentence: str) -> None:
        if kept := figures():
            kept.refused_emissions.labels(reason).inc()
        if self._seldom.due(reason) is not None:
            logger.warning("POST /events is refused: %s", sentence)
        raise Overloaded(sentence)


INTAKE: Final = Intake()
