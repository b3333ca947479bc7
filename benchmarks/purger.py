"""Begins a pass of retention when it is told to, as beat does every hour."""

from __future__ import annotations

from apps.webhooks.tasks import post_replay, purge
from benchmarks.talk import hear, say


def main() -> None:
    """Post the message."""
    # What posting costs a process for the first time is not what is measured.
    post_replay()
    say("ready")
    hear()
    purge.apply_async()
    say("posted")


if __name__ == "__main__":
    main()
