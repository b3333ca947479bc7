"""Flushes once when told to; says when it began, in monotonic nanoseconds."""

from __future__ import annotations

import time

from apps.webhooks.flusher import flush
from benchmarks.talk import hear, say


def main() -> None:
    """Flush."""
    say("ready")
    hear()
    began = time.monotonic_ns()
    flush()
    say(began)


if __name__ == "__main__":
    main()
