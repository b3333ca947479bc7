"""D-55: the largest payload that is taken, for many webhooks at once.

All that waits is a multiple of what a pump may have in flight, and its memory grows by
that alone, whatever waits.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cpu import children_of
from benchmarks.memory import MB, resident
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.ledger import LARGE
from tests.drills.world import World

# Room for what else is in the payload, up to WEBHOOKS_MAX_PAYLOAD_BYTES.
BODY_BYTES = 10 * 1024 * 1024 - 200
# What a pump has in flight at most, and three times that.
FLIGHT_MB = 64 * 1024 * 1024 / MB
MOST_TIMES = 3.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Let receivers take their time, so that all that may be in flight is."""
    paths = [f"/{number}" for number in range(size.deliveries)]
    world.register(*paths)
    world.receiver.behave(delay=0.5)
    (worker,) = world.ready(world.worker("pump", 1))
    (pump,) = children_of(worker.pid)
    before = resident(pump, "VmRSS")
    world.emit(1, size=BODY_BYTES)
    world.expected = {(LARGE, path) for path in paths}
    world.drained()
    grown = (resident(pump, "VmHWM") - before) / MB
    return [
        *world.verdict(duplicates=0),
        Number("grown_times", grown / FLIGHT_MB, most=MOST_TIMES),
        told("grown_mb", grown),
        told("waited_mb", size.deliveries * BODY_BYTES / MB),
    ]


DRILL = Drill(
    id="D-55",
    title="payloads of ten megabytes for many webhooks at once",
    passes="lost 0, dups 0, a pump grows by at most 3 times what may be in flight",
    short=Size(deliveries=40),
    long=Size(deliveries=400),
    mutants=["all-bodies-at-once"],
    run=run,
)
