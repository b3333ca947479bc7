"""D-51: one webhook has a backlog of 100,000; another's events are fresh.

One pump serves both, so that fairness within it is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import EVENT, OTHER_EVENT, World

NOISY, QUIET = "/noisy", "/quiet"
MOST_SECONDS = 2.0
FRESH_A_SECOND = 5


def run(world: World, size: Size) -> Sequence[Number]:
    """A backlog, then the pump, then now and then an event for somebody else."""
    world.register(NOISY, event=OTHER_EVENT)
    world.register(QUIET, event=EVENT)
    # So slow that the backlog outlasts the fresh events.
    world.receiver.behave(NOISY, delay=0.02)
    world.emit(size.deliveries, event=OTHER_EVENT, group=500)
    world.ready(world.worker("pump", 1))
    world.until(lambda: world.ledger.requests > 0, 30)
    world.emit(int(size.seconds * FRESH_A_SECOND), seconds=size.seconds, event=EVENT)
    left = world.left()
    world.drained(most=3600)
    fresh = [each for each in world.ledger.receipts() if each.pair[1] == QUIET]
    return [
        *world.verdict(duplicates=0),
        Number("fresh_s", max(each.latency for each in fresh), most=MOST_SECONDS),
        Number("backlog_left", left, least=1, most=size.deliveries),
        told("fresh", len(fresh)),
    ]


DRILL = Drill(
    id="D-51",
    title="a neighbour with a long backlog",
    passes="lost 0, dups 0, every fresh event of another within 2 s",
    short=Size(deliveries=8_000, seconds=3),
    long=Size(deliveries=100_000, seconds=30),
    mutants=["one-webhook-at-a-time"],
    run=run,
)
