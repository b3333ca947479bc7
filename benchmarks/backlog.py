"""A backlog, by way of `emit`: all of it is there, and rings, at one commit.

Says "ready" before the commit and waits for a word; then says when it committed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from django.db import transaction

from apps.webhooks.emit import Emission, emit_many
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, PAYLOAD_BYTES, payload, register, reset

# As many as a synchronisation emits at once; bounds the statement's parameters.
AT_ONCE = 500


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
        say("ready")
        hear()
    say(stamps[0])


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
    return parser.parse_args()


if __name__ == "__main__":
    main()
