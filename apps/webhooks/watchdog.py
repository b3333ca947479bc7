"""A worker that no longer consumes ends, so that whoever started it starts it anew.

Each worker posts heartbeats to a queue that it alone consumes, over the connection of
its other queues. While messages arrive it works; when none has for long, although the
database and Redis answer, nothing but a new process helps. The thread also tells
systemd that this process is not frozen, which no process can tell of itself.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from billiard.process import active_children
from celery import current_app, shared_task
from celery.signals import (
    celeryd_after_setup,
    task_received,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import Error, connection
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.webhooks.heartbeats import forget, note, silence_seconds
from apps.webhooks.tasks import mailbox

logger = logging.getLogger(__name__)

PREFIX: Final = "heartbeat."
EXIT_STATUS: Final = 70
# Redis forgets the queue of a worker that was killed.
QUEUE_SECONDS: Final = 3600.0


class Watchdog:
    """When to post a heartbeat, and when to give up. Seconds of a steady clock.

    `post` returns whether the broker took it; `well`, whether the services answer;
    `end` does not return in a worker.
    """

    def __init__(
        self,
        *,
        silence: float,
        post: Callable[[], bool],
        well: Callable[[], bool],
        end: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._silence = silence
        self._post = post
        self._well = well
        self._end = end
        self._now = now
        self._heard = self._looked = now()

    def hear(self) -> None:
        """A message has arrived."""
        self._heard = self._now()

    def look(self) -> None:
        """Several times within a silence, at most once between two heartbeats."""
        now = self._now()
        # Whoever was frozen itself, or without a broker, must not blame the worker.
        if now - self._looked > self._silence / 2 or not self._post():
            self._heard = now
        self._looked = now
        if now - self._heard <= self._silence:
            return
        if self._well():
            self._end()
        self._heard = now


class _Guard:
    """The watchdog's thread in a worker's first process."""

    def __init__(self, worker: str, queues: list[str]) -> None:
        self._worker = worker
        self._queues = queues
        self._ended = threading.Event()
        self.dog = Watchdog(
            silence=silence_seconds(), post=self._post, well=_is_well, end=_end
        )
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Whoever stops consuming because it was told to is not deaf."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.dog.look()
            tell_systemd("WATCHDOG=1")
            self._ended.wait(settings.WEBHOOKS_HEARTBEAT_PERIOD)

    def _post(self) -> bool:
        try:
            heartbeat.apply_async(
                (self._worker, self._queues), queue=PREFIX + self._worker
            )
        except OperationalError:
            return False
        return True


@shared_task(name="webhooks.heartbeat")
def heartbeat(worker: str, queues: list[str]) -> None:
    """Record that messages reach this worker, and that it can record."""
    try:
        note(worker, queues)
    except Error:
        logger.warning("The database does not take the heartbeat of %s.", worker)


def tell_systemd(state: str) -> None:
    """Send a line to the service manager, if this process has one (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(state.encode(), address)
        except OSError as error:
            logger.warning("systemd does not listen: %s.", error.strerror)


def _is_well() -> bool:
    """Whether the services answer; their connections are of the moment."""
    try:
        connection.ensure_connection()
        mailbox().redis.ping()
    except (Error, RedisError):
        return False
    finally:
        connection.close()
    return True


def _end() -> None:
    """Without any clean-up: what is stuck would be waited for. Leases run out."""
    logger.error(
        "No message has arrived for %.0f s although the services answer: this worker "
        "ends, to be started anew.",
        silence_seconds(),
    )
    for child in active_children():
        if child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)
    os._exit(EXIT_STATUS)


_guards: Final[list[_Guard]] = []


@celeryd_after_setup.connect
def _listen(sender: str, instance: Any, **_: object) -> None:
    """A queue of the worker's own, beside those that it was told to consume."""
    name = PREFIX + sender
    instance.app.amqp.queues.select_add(
        Queue(name, routing_key=name, expires=QUEUE_SECONDS)
    )


@worker_ready.connect
def _watch(sender: Any, **_: object) -> None:
    """Once all processes are forked, for a thread would not follow them."""
    consumed = current_app.amqp.queues.consume_from
    queues = sorted(name for name in consumed if not name.startswith(PREFIX))
    _guards.append(_Guard(sender.hostname, queues))


@task_received.connect
def _hear(**_: object) -> None:
    for guard in _guards:
        guard.dog.hear()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    for guard in _guards:
        guard.stop()


@worker_shutdown.connect
def _forget(sender: Any, **_: object) -> None:
    """Not missed; where the database is away its rows are swept in a day."""
    try:
        forget(sender.hostname)
    except Error:
        return
    finally:
        connection.close()
