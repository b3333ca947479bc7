"""Emits in bulk as fast as it can; says how many seconds that took."""

from __future__ import annotations

import argparse
import time

from apps.webhooks.emit import Emission, emit_many
from benchmarks.backlog import AT_ONCE
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, payload, register, reset


def main() -> None:
    """Emit."""
    options = _options()
    reset()
    register(options.url, range(1, options.webhooks + 1), users=False)
    # Connections are open and statements known before the clock starts.
    emit_many([Emission(event=EVENT, payload=payload(0))])
    payloads = [payload(number) for number in range(options.events)]
    say("ready")
    hear()
    began = time.monotonic()
    for first in range(0, options.events, AT_ONCE):
        emit_many(
            [
                Emission(event=EVENT, payload=each)
                for each in payloads[first : first + AT_ONCE]
            ]
        )
    say(time.monotonic() - began)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--webhooks", type=int, required=True)
    parser.add_argument("--url", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
