"""One emitter of an open loop: real `emit`s in real transactions, on a timetable.

Says the pid of its database backend, waits for the instant of the first event, emits
its share of the timetable whatever the time, writes four numbers per event to a file
(when it was due, begun and committed, and its id), and says how many there were.
Instants are monotonic ns.
"""

from __future__ import annotations

import argparse
import random
import time
from array import array
from functools import partial
from pathlib import Path

from django.db import connection, transaction

from apps.webhooks.emit import emit
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, payload

SECOND = 1_000_000_000
# So long after the timetable's end an emitter gives up what it did not get to.
GRACE_SECONDS = 1
FIELDS = 4


def main() -> None:
    """Follow the timetable."""
    options = _options()
    numbers = range(options.share, options.events, options.of)
    payloads = [payload(number) for number in numbers]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        say(cursor.fetchone()[0])
    start = hear()
    chance = random.Random(options.share)
    end = start + (options.events // options.rate + GRACE_SECONDS) * SECOND
    records = array("Q")
    for number, body in zip(numbers, payloads, strict=True):
        scheduled = start + number * SECOND // options.rate
        time.sleep(max(0, scheduled - time.monotonic_ns()) / SECOND)
        if time.monotonic_ns() > end:
            break
        user = chance.randint(1, options.webhooks)
        records.extend([scheduled, *_emit(body, user)])
    Path(options.file).write_bytes(records.tobytes())
    say(len(records) // FIELDS)


def _emit(body: bytes, user: int) -> tuple[int, int, int]:
    """When it began, when it was committed, and the event's id."""
    committed: list[int] = []
    stamp = partial(_stamp, committed)
    began = time.monotonic_ns()
    with transaction.atomic():
        # Before `emit` asks for its wake-up: that one is already on the way.
        transaction.on_commit(stamp)
        emitted = emit(EVENT, body, user)
    return began, committed[0], emitted.event


def _stamp(committed: list[int]) -> None:
    committed.append(time.monotonic_ns())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("share", "of", "events", "rate", "webhooks"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--file", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
