"""D-08: PostgreSQL is restarted the immediate way, a crash, every six seconds.

Outcomes that arrive meanwhile are kept and recorded afterwards, so not even a
duplicate is allowed; and nobody restarts a worker.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

PERIOD_SECONDS = 6.0
WEBHOOKS = 20
# A restart, and deliveries coming back, for as long as emission must outlast them.
ANEW_SECONDS = 4.0
BACK_SECONDS = 15.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Crash the database while it delivers."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(delay=0.1)
    workers = world.service(pumps=2)
    seconds = size.faults * (PERIOD_SECONDS + ANEW_SECONDS)
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    slowest = 0.0
    for _ in range(size.faults):
        time.sleep(PERIOD_SECONDS)
        world.services.postgres.restart(immediate=True)
        slowest = max(slowest, _back(world))
    told_by_emitter = world.emitted()
    took = world.drained()
    ended = sum(worker.popen.poll() is not None for worker in workers)
    return [
        *world.verdict(duplicates=0),
        Number("back_s", slowest, most=BACK_SECONDS),
        Number("workers_ended", ended),
        told("restarts", size.faults),
        told("emissions_refused", told_by_emitter["tries"] - told_by_emitter["count"]),
        told("drained_s", took),
    ]


def _back(world: World) -> float:
    """How long until deliveries arrive again."""
    began = time.monotonic()
    seen = world.ledger.requests
    world.until(lambda: world.ledger.requests > seen, 2 * BACK_SECONDS)
    return time.monotonic() - began


DRILL = Drill(
    id="D-08",
    title="PostgreSQL restarted with -m immediate every 6 s",
    passes="lost 0, dups 0, deliveries back within 15 s, no worker ends",
    short=Size(deliveries=3_000, faults=2),
    long=Size(deliveries=10_000, faults=6),
    mutants=["outcomes-are-dropped"],
    run=run,
    settings={"WEBHOOKS_SETTLE": 6, "WEBHOOKS_LEASE": 8},
)
