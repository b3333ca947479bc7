"""D-06: Redis freezes (SIGSTOP) while events are emitted.

Emission must neither fail nor wait: the first call that meets the freeze waits half a
second, then nobody asks Redis for five. Deliveries go on or, once it thaws, resume.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

MOST_MS = 1100.0
# A call that took so long has asked Redis.
SLOW_MS = 100.0
BREAKER_SECONDS = 5.0
# On top of what an emission takes while Redis answers, nineteen times of twenty.
MOST_MS_MORE = 5.0
RESUME_SECONDS = 5.0
PER_SECOND = 20


def run(world: World, size: Size) -> Sequence[Number]:
    """Freeze, emit, thaw."""
    world.register("/")
    world.service()
    usual = statistics.median(world.emit(2 * PER_SECOND, seconds=2)["ms"])
    redis = world.services.redis.pid
    assert redis is not None
    os.kill(redis, signal.SIGSTOP)
    try:
        count = int(size.seconds * PER_SECOND)
        world.begin_emitting(count, seconds=size.seconds - 1)
        time.sleep(size.seconds)
    finally:
        os.kill(redis, signal.SIGCONT)
    emitted = world.emitted()
    took = world.drained()
    slow = [each for each in emitted["ms"] if each > SLOW_MS]
    fast = [each for each in emitted["ms"] if each <= SLOW_MS]
    return [
        *world.verdict(duplicates=0),
        Number("refused", emitted["tries"] - count),
        Number("slowest_ms", max(emitted["ms"]), most=MOST_MS),
        Number("slow", len(slow), most=1 + size.seconds // BREAKER_SECONDS),
        Number("others_ms_more", _p95(fast) - usual, most=MOST_MS_MORE, least=-usual),
        Number("resumed_s", took, most=RESUME_SECONDS),
        told("emitted", count),
    ]


def _p95(milliseconds: list[float]) -> float:
    return statistics.quantiles(milliseconds or [0.0, 0.0], n=20)[-1]


DRILL = Drill(
    id="D-06",
    title="Redis frozen while events are emitted",
    passes="no emission refused, none over 1.1 s, one slow per 5 s, p95 of the others "
    "5 ms more; resumed within 5 s",
    short=Size(seconds=10),
    long=Size(seconds=60),
    mutants=["no-breaker"],
    run=run,
)
