"""D-13: eight ticks of the flusher at once, while receivers fail or hang.

They are one execution, and of each execution a receiver gets exactly ten requests that
fail, or exactly two that it does not answer in time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size
from tests.drills.world import World

FAILS, HANGS = "/fails", "/hangs"
TICKS = 8
# Two requests that time out, one after the other, and what is between.
QUIET_SECONDS = 3.5


def run(world: World, size: Size) -> Sequence[Number]:
    """Tick, and count requests."""
    world.register(FAILS, HANGS, deadline=1)
    world.receiver.behave(FAILS, status=500)
    world.receiver.behave(HANGS, hang=True)
    world.ready(world.worker("pump"), world.worker("control", 1))
    world.emit(size.deliveries // 2, group=50)
    _quiet(world)
    began = world.rows("SELECT count(*) FROM webhooks_flusherexecution")[0][0]
    wrong = failed = 0
    for _ in range(size.faults):
        before = [world.ledger.at(path) for path in (FAILS, HANGS)]
        failed += world.race("ticks", count=TICKS)["failed"]
        _quiet(world)
        after = [world.ledger.at(path) for path in (FAILS, HANGS)]
        wrong += after[0] - before[0] != 10
        wrong += after[1] - before[1] != 2
    executions = world.rows("SELECT count(*) FROM webhooks_flusherexecution")[0][0]
    return [
        Number("executions", executions - began, least=size.faults, most=size.faults),
        Number("not_10_or_2", wrong),
        Number("failed", failed),
        Number("forged", world.ledger.forged),
    ]


def _quiet(world: World) -> None:
    """Wait until no request has come for a while."""
    seen, moved = -1, time.monotonic()
    while time.monotonic() < moved + QUIET_SECONDS:
        if world.ledger.requests != seen:
            seen, moved = world.ledger.requests, time.monotonic()
        time.sleep(0.05)


DRILL = Drill(
    id="D-13",
    title="eight overlapping ticks of the flusher, receivers that fail or hang",
    passes="one execution each time; exactly 10 requests fail, or exactly 2 hang",
    short=Size(deliveries=1_000, faults=2),
    long=Size(deliveries=1_000, faults=5),
    mutants=["every-tick-is-an-execution"],
    run=run,
    # Ticks come from this drill alone: nobody's beat runs.
    settings={"WEBHOOKS_FLUSHER_PERIOD": 5},
)
