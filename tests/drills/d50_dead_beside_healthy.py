"""D-50: one receiver never answers beside fifty that do.

Its webhook has a backlog, and each execution of the flusher opens it again. What the
healthy ones wait is compared with what they waited without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.stats import percentile
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import EVENT, OTHER_EVENT, World

HEALTHY = 50
DEAD = "/dead"
BACKLOG = 1_000
MOST_TIMES = 2.0
# Below it, what two seconds of a machine that others use do to a p99 says nothing.
FLOOR_MS = 25.0


def run(world: World, size: Size) -> Sequence[Number]:
    """The same load without the dead one, then beside it; then that one comes back."""
    world.register(*(f"/healthy/{number}" for number in range(HEALTHY)))
    world.register(DEAD, event=OTHER_EVENT)
    world.receiver.behave(DEAD, hang=True)
    world.service()
    _p99_ms(world, size)
    before = _p99_ms(world, size)
    world.emit(BACKLOG, event=OTHER_EVENT, group=500)
    beside = _p99_ms(world, size)
    requests = sum(d.target == DEAD for d in world.receiver.record.deliveries())
    world.receiver.behave(DEAD)
    world.drained()
    return [
        *world.verdict(duplicates=0),
        Number("p99_times", beside / max(before, FLOOR_MS), most=MOST_TIMES),
        told("p99_before_ms", before),
        told("p99_beside_ms", beside),
        told("requests_to_the_dead", requests),
    ]


def _p99_ms(world: World, size: Size) -> float:
    """Of what the healthy ones are told, from just before the emission."""
    seen = len(world.ledger.receipts())
    count = size.deliveries // HEALTHY
    world.emit(count, seconds=size.seconds, event=EVENT)
    world.until(
        lambda: len(world.ledger.receipts(seen)) >= count * HEALTHY, size.seconds + 30
    )
    late = [each.latency * 1000 for each in world.ledger.receipts(seen)]
    return percentile(late, 99)


DRILL = Drill(
    id="D-50",
    title="one dead receiver beside fifty healthy ones",
    passes="lost 0, dups 0, the healthy ones' p99 at most twice what it was",
    short=Size(deliveries=2_000, seconds=4),
    long=Size(deliveries=30_000, seconds=60),
    mutants=["windows-are-not-seen"],
    run=run,
    # So few that one webhook could take them all.
    settings={"WEBHOOKS_PUMP_SOCKETS": 64},
)
