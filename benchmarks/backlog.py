"""A backlog, by way of `emit`: all of it is there, and rings, at one commit.

Says "ready" before the commit and waits for a word; then says when it committed.
"""

from __future__ import annotations

import argparse
import time

from django.db import transaction

from apps.webhooks.emit import Emission, emit_many
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, payload, register, reset

# As many as a synchronisation emits at once; bounds the statement's parameters.
AT_ONCE = 500


def main() -> None:
    """Emit."""
    options = _options()
    if options.webhooks:
        reset()
        register(options.url, options.webhooks, users=options.users)
    stamps: list[int] = []
    with transaction.atomic():
        transaction.on_commit(lambda: stamps.append(time.monotonic_ns()))
        _emit(options.events)
        say("ready")
        hear()
    say(stamps[0])


def _emit(events: int) -> None:
    for first in range(0, events, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, events))
        emit_many([Emission(event=EVENT, payload=payload(n)) for n in numbers])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--webhooks", type=int, default=0)
    parser.add_argument("--url", default="")
    parser.add_argument("--users", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
