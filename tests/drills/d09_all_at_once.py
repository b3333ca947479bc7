"""D-09: everything together every five seconds: a worker killed, Redis emptied,
PostgreSQL crashed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

PERIOD_SECONDS = 5.0
WEBHOOKS = 20


def run(world: World, size: Size) -> Sequence[Number]:
    """Break everything while it delivers."""
    chance = random.Random(9)
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(fail_rate=0.02, delay=0.05)
    workers = world.service(pumps=2)
    seconds = size.faults * (PERIOD_SECONDS + 1)
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    for _ in range(size.faults):
        time.sleep(PERIOD_SECONDS)
        number = chance.randrange(2)
        world.kill(workers[number])
        world.services.postgres.stop(immediate=True)
        world.broker.flushall()
        world.services.postgres.start()
        world.note_unrecorded()
        workers[number] = world.worker("pump")
    world.emitted()
    took = world.drained()
    return [
        *world.verdict(),
        told("faults", size.faults),
        told("drained_s", took),
    ]


DRILL = Drill(
    id="D-09",
    title="a worker killed, Redis emptied and PostgreSQL crashed, all every 5 s",
    passes="lost 0; dups at most what was in flight or unsettled at the faults",
    short=Size(deliveries=3_000, faults=3),
    long=Size(deliveries=20_000, faults=24),
    mutants=["recorded-before-sent"],
    run=run,
    settings={"WEBHOOKS_SETTLE": 6, "WEBHOOKS_LEASE": 8},
)
