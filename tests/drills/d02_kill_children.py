"""D-02: `kill -9` of a random prefork process, every second.

The worker lives on and starts another one in its place; the task that was killed is
gone, and with it the pump that is believed awake. At last all of them are killed at
once.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence

from benchmarks.cpu import children_of
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

PERIOD_SECONDS = 1.0
WEBHOOKS = 20
MOST_COPIES = 3


def run(world: World, size: Size) -> Sequence[Number]:
    """Kill while it delivers."""
    chance = random.Random(2)
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(fail_rate=0.02, delay=0.02)
    worker, _ = world.service()
    seconds = (size.faults + 1) * PERIOD_SECONDS
    world.begin_emitting(size.deliveries // WEBHOOKS, seconds=seconds)
    for _ in range(size.faults):
        time.sleep(PERIOD_SECONDS)
        _kill(world, chance.sample(children_of(worker.pid), 1))
    world.until(lambda: len(children_of(worker.pid)) == 2, PERIOD_SECONDS)
    _kill(world, children_of(worker.pid))
    world.emitted()
    took = world.drained()
    return [
        *world.verdict(),
        Number("copies", world.ledger.most_copies(), most=MOST_COPIES),
        Number("workers_ended", int(worker.popen.poll() is not None)),
        told("kills", size.faults + 1),
        told("drained_s", took),
    ]


def _kill(world: World, processes: Sequence[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)
    world.note_unrecorded()


DRILL = Drill(
    id="D-02",
    title="kill -9 of a random prefork process every second",
    passes="lost 0; dups at most what was in flight or unsettled at the kills; "
    "at most 3 copies; the worker lives",
    short=Size(deliveries=3_000, faults=8),
    long=Size(deliveries=10_000, faults=34),
    mutants=["the-dead-are-awake"],
    run=run,
)
