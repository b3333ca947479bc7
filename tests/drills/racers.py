"""What the emitter does with many threads at once, each on a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import connection

from apps.webhooks.emit import IdempotencyConflict, emit
from apps.webhooks.tasks import flush
from apps.webhooks.users import make_permanent
from tests.make import make_user


def same_key(event: str, count: int, keys: int, first: int) -> dict[str, int]:
    """So many emissions under so few keys: how many events were made of them."""
    now = time.monotonic()
    events: set[int] = set()
    repeated: list[bool] = []

    def one(number: int) -> None:
        serial = first + number % keys
        emitted = emit(
            event, {"serial": serial, "at": now}, idempotency_key=f"race {serial}"
        )
        events.add(emitted.event)
        repeated.append(emitted.repeated)

    failed = _at_once([partial(one, number) for number in range(count)])
    return {"events": len(events), "repeated": sum(repeated), "failed": failed}


def other_body(event: str, count: int, serial: int) -> dict[str, int]:
    """A key that was used, with another body: how many were refused."""
    refused: list[bool] = []

    def one() -> None:
        try:
            emit(event, {"serial": -1, "at": 0.0}, idempotency_key=f"race {serial}")
        except IdempotencyConflict:
            refused.append(True)

    failed = _at_once([one] * count)
    return {"refused": len(refused), "failed": failed}


def permanence(event: str, count: int, first: int, at_once: int = 8) -> dict[str, int]:
    """So many temporary users, each told of while it is being made permanent."""
    failed = 0
    for number in range(0, count, at_once):
        serials = range(first + number, first + min(number + at_once, count))
        failed += _at_once([turn for each in serials for turn in _race(event, each)])
    return {"failed": failed}


def _race(event: str, serial: int) -> Sequence[Callable[[], object]]:
    user = make_user(permanent=False, token=f"of the user of {serial}").pk
    payload = {"serial": serial, "at": time.monotonic()}
    return (lambda: emit(event, payload, user), lambda: make_permanent(user))


def ticks(count: int) -> dict[str, int]:
    """So many ticks of the flusher that overlap."""
    return {"failed": _at_once([flush] * count)}


def _at_once(turns: Sequence[Callable[[], Any]]) -> int:
    """Do them all at the same moment; how many failed."""
    start = threading.Barrier(len(turns))
    done: list[bool] = []

    def run(turn: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            turn()
            done.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(turn,)) for turn in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(turns) - len(done)
