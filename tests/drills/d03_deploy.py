"""D-03: a rolling deployment, worker after worker, every five seconds.

Each is told to end by SIGTERM and is given ten seconds for it, then started again.
Nothing may be cut: no duplicate, no lease left behind, nobody killed.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from benchmarks.cpu import children_of
from benchmarks.processes import Child
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

PERIOD_SECONDS = 5.0
GRACE_SECONDS = 10.0
WEBHOOKS = 20
_LEFT_BY = """
SELECT count(*) FROM webhooks_lease
WHERE leased_until IS NOT NULL AND split_part(holder, ':', 2)::int = ANY(%s)
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Deploy while it delivers."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(delay=0.05)
    pumps = world.service(pumps=2)[:2]
    seconds = size.faults * (PERIOD_SECONDS + 1)
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    killed = leases = 0
    for turn in range(size.faults):
        time.sleep(PERIOD_SECONDS)
        pump = pumps[turn % 2]
        processes = children_of(pump.pid)
        killed += not _ended(world, pump)
        leases += int(world.rows(_LEFT_BY, processes)[0][0])
        pumps[turn % 2] = world.worker("pump")
    world.emitted()
    took = world.drained()
    return [
        *world.verdict(duplicates=0),
        Number("leases_left", leases),
        Number("killed", killed),
        told("deployments", size.faults),
        told("drained_s", took),
    ]


def _ended(world: World, worker: Child) -> bool:
    """As an orchestrator does: False if it had to be killed."""
    worker.terminate()
    try:
        worker.popen.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    finally:
        world.kill(worker)
    return True


DRILL = Drill(
    id="D-03",
    title="SIGTERM and a new start, worker after worker, every 5 s",
    passes="lost 0, dups 0, no lease left behind, nobody killed after 10 s",
    short=Size(deliveries=3_000, faults=3),
    long=Size(deliveries=20_000, faults=24),
    mutants=["sigterm-is-not-heard"],
    run=run,
    # Long beyond the grace, so that none ends in time by itself.
    settings={"WEBHOOKS_PUMP_RUN": 40},
)
