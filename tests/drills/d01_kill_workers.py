"""D-01: `kill -9` of a random worker, its whole group, every two seconds.

Deliveries go on meanwhile, and two in a hundred are refused. Killed are pump workers
and the control worker, beat with it; each is started again at once, as an orchestrator
does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

PERIOD_SECONDS = 2.0
WEBHOOKS = 20
MOST_COPIES = 3


def run(world: World, size: Size) -> Sequence[Number]:
    """Kill while it delivers."""
    chance = random.Random(1)
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(fail_rate=0.02, delay=0.02)
    workers = world.service(pumps=2)
    seconds = size.faults * PERIOD_SECONDS
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    for _ in range(size.faults):
        time.sleep(PERIOD_SECONDS)
        number = chance.randrange(len(workers))
        world.killed(workers[number])
        workers[number] = world.control() if number == 2 else world.worker("pump")
    world.emitted()
    took = world.drained()
    return [
        *world.verdict(),
        Number("copies", world.ledger.most_copies(), most=MOST_COPIES),
        told("kills", size.faults),
        told("drained_s", took),
    ]


DRILL = Drill(
    id="D-01",
    title="kill -9 of a random worker every 2 s",
    passes="lost 0; dups at most what was in flight or unsettled at the kills; "
    "at most 3 copies",
    short=Size(deliveries=5_000, faults=6),
    long=Size(deliveries=50_000, faults=119),
    mutants=["leases-never-end"],
    run=run,
)
