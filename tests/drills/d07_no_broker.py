"""D-07: no Redis at all: `manage.py flush --loop` delivers alone."""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

MOST_SECONDS = 10.0
# Rare enough for the pump to have ended before the next one.
BETWEEN_SECONDS = 3.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Take Redis away, and emit now and then."""
    world.register("/")
    world.services.redis.kill()
    loop = world.start("loop", "django", "flush", "--loop")
    emitted = world.emit(
        int(size.seconds / BETWEEN_SECONDS) + 1, seconds=size.seconds, group=1
    )
    world.drained(stuck=2 * MOST_SECONDS)
    lag = max((each.latency for each in world.ledger.receipts()), default=0.0)
    return [
        *world.verdict(duplicates=0),
        Number("lag_s", lag, most=MOST_SECONDS),
        Number("loop_ended", int(loop.popen.poll() is not None)),
        told("emitted", emitted["count"]),
    ]


DRILL = Drill(
    id="D-07",
    title="no Redis, flush --loop alone",
    passes="lost 0, dups 0, every delivery within 10 s",
    short=Size(seconds=12),
    long=Size(seconds=600),
    mutants=["the-loop-only-flushes"],
    run=run,
    # As in production: what is delivered in time was not waited for by an execution.
    settings={"WEBHOOKS_FLUSHER_PERIOD": 60},
)
