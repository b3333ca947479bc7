"""The emitter: a process that registers webhooks and emits, as it is told in JSON.

It knows what it has committed, and tells that; it is the drills' oracle.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import Error, connection, transaction

from apps.api_tokens.models import Scope, issue
from apps.webhooks.emit import Emission, emit_many
from benchmarks.talk import hear, say
from tests.drills import racers
from tests.drills.ledger import SECRET
from tests.make import make_provider, make_webhook

# Longer than any outage of a drill.
INSIST_SECONDS = 120.0
PAUSE_SECONDS = 0.1


class Emitter:
    """Numbers its events from 1."""

    def __init__(self) -> None:
        self._last = 0

    def register(
        self, event: str, urls: list[str], fields: dict[str, Any]
    ) -> list[int]:
        """Signed webhooks of one provider; their ids."""
        provider = make_provider(secret_key=SECRET)
        webhooks = [
            make_webhook(url, event, auth_provider=provider, **fields) for url in urls
        ]
        return [webhook.pk for webhook in webhooks]

    def token(self) -> str:
        """A token of the API to emit with."""
        return issue("drill", [Scope.EMIT])[1]

    def emit(
        self, event: str, count: int, seconds: float, size: int, group: int
    ) -> dict[str, Any]:
        """So many events within so many seconds, `group` in a transaction.

        Each is tried until it is committed, under a key of its own. Of each
        transaction the duration and the number of tries are told.
        """
        began = time.monotonic()
        first = self._last + 1
        milliseconds, tries = [], 0
        for number in range(0, count, group):
            time.sleep(max(0.0, began + seconds * number / count - time.monotonic()))
            serials = range(first + number, first + min(number + group, count))
            started = time.monotonic()
            tries += _insist(_emissions(event, serials, size))
            milliseconds.append(round((time.monotonic() - started) * 1000, 2))
        self._last += count
        return {"first": first, "count": count, "tries": tries, "ms": milliseconds}

    def race(self, name: str, **options: Any) -> dict[str, int]:
        """Something with many threads, see `racers`."""
        result: dict[str, int] = getattr(racers, name)(**options)
        return result


def _emissions(event: str, serials: range, size: int) -> list[Emission]:
    filler = "x" * size
    return [
        Emission(
            event=event,
            payload={"serial": each, "at": time.monotonic(), "filler": filler},
            idempotency_key=f"drill {each}",
        )
        for each in serials
    ]


def _insist(emissions: list[Emission]) -> int:
    """Emit until it is committed, as a platform does that must lose no event.

    Under the same keys, so that a commit whose answer was lost is not a second one.
    Returns how often it was tried.
    """
    end = time.monotonic() + INSIST_SECONDS
    tries = 1
    while True:
        try:
            with transaction.atomic():
                emit_many(emissions)
        except Error:
            if time.monotonic() > end:
                raise
            connection.close()
            time.sleep(PAUSE_SECONDS)
            tries += 1
        else:
            return tries


def main() -> None:
    """Do as told until the drill is over."""
    emitter = Emitter()
    say("ready")
    while True:
        order = hear()
        say(getattr(emitter, order.pop("do"))(**order))


if __name__ == "__main__":
    main()
