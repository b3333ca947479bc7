"""D-53: a hundred webhooks are dead, and everything waits: what a tick costs then.

Half of the receivers refuse, half never answer. Each execution of the flusher sends
exactly what cuts a webhook off, 10 requests or 2, however much waits for it. Nor does
an emission take longer for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.stats import median
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import EVENT, World

WEBHOOKS = 100
# How receivers behave, and how many requests cut a webhook off then.
CUTOFFS = {"/refuse": 10, "/hang": 2}
EXPECTED = WEBHOOKS // 2 * sum(CUTOFFS.values())
MOST_TICK_SECONDS = 5.0
EMISSIONS = 50
# What a machine that others use does to so short a measure.
MOST_TIMES = 2.0
QUIET_SECONDS = 1.5
PATIENCE_SECONDS = 20.0
COUNTS = """
SELECT w.url, a.execution, count(*) FROM webhooks_deliveryattempt a
JOIN webhooks_webhook w ON w.id = a.webhook_id GROUP BY w.id, a.execution
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Cut them all off, and flush so many times; no beat comes in between."""
    for path, behaviour in (("/refuse", {"status": 500}), ("/hang", {"hang": True})):
        world.register(*(f"{path}/{number}" for number in range(WEBHOOKS // 2)))
        world.receiver.behave(path, **behaviour)
    before = _emission_ms(world)
    world.emit(size.deliveries // WEBHOOKS, event=EVENT, group=100)
    beside = _emission_ms(world)
    pending = world.left()
    world.ready(world.worker("pump"))
    _until_quiet(world, EXPECTED)
    ticks = [_tick(world, number) for number in range(1, size.faults + 1)]
    counts = world.rows(COUNTS)
    exact = sum(count == _cutoff(url) for url, _, count in counts)
    attempts = sum(count for _, _, count in counts)
    return [
        Number("tick_s", max(ticks), most=MOST_TICK_SECONDS),
        Number("inexact", WEBHOOKS * (size.faults + 1) - exact),
        Number("unrecorded", abs(world.ledger.requests - attempts)),
        Number("gone", pending - world.left()),
        Number("forged", world.ledger.forged),
        Number("emission_times", beside / before, most=MOST_TIMES),
        told("emission_ms", beside),
        told("pending", pending),
    ]


def _emission_ms(world: World) -> float:
    """What one event for them all takes, half of the time."""
    took: list[float] = world.emit(EMISSIONS)["ms"]
    return median(took)


def _tick(world: World, number: int) -> float:
    """Flush; seconds until the first request."""
    flusher = world.start(f"flush {number}", "benchmarks.flush_once", talks=True)
    flusher.hear()
    before = world.ledger.requests
    flusher.tell("flush")
    began = int(flusher.hear())
    world.until(lambda: world.ledger.requests > before, PATIENCE_SECONDS)
    took = time.monotonic() - began / 1e9
    _until_quiet(world, (number + 1) * EXPECTED)
    return took


def _until_quiet(world: World, expected: int) -> None:
    """Until so many requests came, and no more for a while."""
    world.until(lambda: world.ledger.requests >= expected, PATIENCE_SECONDS)
    time.sleep(QUIET_SECONDS)


def _cutoff(url: str) -> int:
    return next(count for path, count in CUTOFFS.items() if path in url)


DRILL = Drill(
    id="D-53",
    title="everything waits for a hundred dead webhooks",
    passes="a tick within 5 s, exactly 10 requests each, or 2 that time out; an "
    "emission takes as long as without it",
    short=Size(deliveries=20_000, faults=1),
    long=Size(deliveries=1_000_000, faults=3),
    mutants=["windows-begin-open"],
    run=run,
    settings={"WEBHOOKS_DEADLINE": 1},
)
