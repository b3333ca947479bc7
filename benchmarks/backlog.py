"""A backlog, by way of `emit`: all of it is there, and rings, at one commit.

Says "ready" before the commit and waits for a word; then says when it committed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from django.db import connection, transaction

from apps.webhooks.emit import Emission, emit_many
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, PAYLOAD_BYTES, payload, register, reset

# As many as a synchronisation emits at once; bounds the statement's parameters.
AT_ONCE = 500
# Cut off, in an execution that lasts: no flusher is to send them before the replay.
_REFUSED = """
WITH refused AS (
    UPDATE webhooks_webhookdata SET attempts = 1, last_execution = 0
    WHERE webhook_id = %(webhook)s
)
UPDATE webhooks_lease SET cut_off_at = clock_timestamp(), consecutive_failures = 10,
    execution = 1000000000 WHERE webhook_id = %(webhook)s
"""


def main() -> None:
    """Emit."""
    options = _options()
    webhooks, dead = options.webhooks, options.webhooks + options.dead
    if webhooks:
        reset()
        register(
            options.url,
            range(1, webhooks + 1),
            users=options.users,
            compressed=options.gzip,
        )
        register(f"{options.url}/hang", range(webhooks + 1, dead + 1), users=True)
    stamps: list[int] = []
    with transaction.atomic():
        transaction.on_commit(lambda: stamps.append(time.monotonic_ns()))
        _emit(options.events, [None], options.bytes)
        _emit(options.dead_rows, range(webhooks + 1, dead + 1))
        _fail(options.url, dead + 1, options.failed_rows)
        say("ready")
        hear()
    say(stamps[0])


def _fail(url: str, number: int, rows: int) -> None:
    """A webhook whose receiver has refused so many, in an execution that lasts."""
    if not rows:
        return
    register(url, [number], users=True)
    _emit(rows, [number])
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, {"webhook": number})


def _emit(events: int, users: Sequence[int | None], size: int = PAYLOAD_BYTES) -> None:
    """So many for each user."""
    for first in range(0, events, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, events))
        payloads = [payload(number, size) for number in numbers]
        for user in users:
            emit_many(
                [Emission(event=EVENT, payload=each, user=user) for each in payloads]
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--webhooks", type=int, default=0)
    parser.add_argument("--url", default="")
    parser.add_argument("--bytes", type=int, default=PAYLOAD_BYTES)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--users", action="store_true")
    parser.add_argument("--dead", type=int, default=0, help="webhooks besides")
    parser.add_argument("--dead-rows", type=int, default=0, help="for each of them")
    parser.add_argument("--failed-rows", type=int, default=0, help="of one more")
    return parser.parse_args()


if __name__ == "__main__":
    main()
