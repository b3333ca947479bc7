"""Begins the recovery of a webhook when it is told to, and says the replay's id."""

from __future__ import annotations

import sys

from apps.webhooks.replay.filters import Filters
from apps.webhooks.replay.plan import plan
from apps.webhooks.replays import Order, start_replay
from apps.webhooks.tasks import post_replay
from benchmarks.talk import hear, say


def main() -> None:
    """`WEBHOOK RATE`."""
    webhook, rate = int(sys.argv[1]), float(sys.argv[2])
    order = Order(actor="benchmark", reason="the receiver was down", rate=rate)
    # What beginning costs a process for the first time is not what is measured.
    post_replay()
    plan(Filters(webhook=webhook))
    say("ready")
    hear()
    say(start_replay(Filters(webhook=webhook), order).pk)


if __name__ == "__main__":
    main()
