"""D-04: Redis loses everything, again and again.

FLUSHALL every three seconds, then kill and restart without persistence every six; and
once for certain in the one moment when nothing else knows of the work: no pump is
awake, and the ring finds nobody.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size
from tests.drills.world import World

FLUSH_SECONDS = 3.0
RESTART_SECONDS = 6.0
WEBHOOKS = 10
BACK_SECONDS = 4.0
# After so long no pump is awake.
IDLE_SECONDS = 2.0
# Beyond what the same deliveries take without a fault.
MOST_SECONDS_MORE = 60.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Flush, restart, and lose the one message there is."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(delay=0.02)
    world.service()
    seconds = size.faults * (FLUSH_SECONDS + RESTART_SECONDS)
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    for _ in range(size.faults):
        time.sleep(FLUSH_SECONDS)
        world.broker.flushall()
    for _ in range(size.faults):
        time.sleep(RESTART_SECONDS)
        world.services.redis.kill()
        world.services.redis.start()
    world.emitted()
    took = max(world.drained(), _lose_the_message(world))
    return [
        *world.verdict(duplicates=0),
        Number("drained_s", took, most=MOST_SECONDS_MORE),
    ]


def _lose_the_message(world: World) -> float:
    """No pump is awake, and nobody hears the ring that would wake one."""
    # The workers have found back to the broker first.
    time.sleep(BACK_SECONDS)
    world.emit(1)
    world.drained()
    time.sleep(IDLE_SECONDS)
    world.services.redis.kill()
    world.emit(1)
    world.services.redis.start()
    return world.drained()


DRILL = Drill(
    id="D-04",
    title="FLUSHALL every 3 s, Redis restarted empty every 6 s",
    passes="lost 0, dups 0, drained within 60 s after the last",
    short=Size(deliveries=2_000, faults=2),
    long=Size(deliveries=10_000, faults=10),
    mutants=["nobody-sweeps"],
    run=run,
)
