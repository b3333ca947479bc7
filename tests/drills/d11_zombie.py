"""D-11: a worker is stopped (SIGSTOP) for longer than its leases, then goes on.

Another one has taken over by then. What the first comes back with is too late: a
success is a receipt all the same, a failure must change nothing any more.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Sequence

from benchmarks.processes import Child
from tests.drills.drill import Drill, Number, Size
from tests.drills.world import World

WEBHOOKS = 10
# Longer than a lease, until the other worker has recorded something for each webhook.
OVERTAKEN_SECONDS = 4.0
# What a worker comes back with is recorded.
BACK_SECONDS = 1.5
# An attempt is too late if one under a later token was recorded before it; it counts
# unless its row was delivered before, and too late only as a success.
_LATE = """
WITH attempt AS (
    SELECT webhook_data_id AS data, cause = 'accepted' AS accepted,
        token < max(token) OVER (
            PARTITION BY webhook_id ORDER BY id ROWS UNBOUNDED PRECEDING) AS late,
        count(*) FILTER (WHERE cause = 'accepted') OVER (
            PARTITION BY webhook_data_id ORDER BY id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS delivered
    FROM webhooks_deliveryattempt),
row AS (
    SELECT data, count(*) FILTER (WHERE late AND NOT accepted) AS late,
        count(*) FILTER (WHERE NOT delivered AND (accepted OR NOT late)) AS valid
    FROM attempt GROUP BY data)
SELECT sum(row.late), count(*) FILTER (WHERE d.attempts > row.valid)
FROM row JOIN webhooks_webhookdata d ON d.id = row.data
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Stop one that only fails, then one that only succeeds."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(status=500, delay=0.5)
    first, _ = world.service()
    late = written = 0
    for _ in range(size.faults):
        world.emit(size.deliveries // WEBHOOKS)
        second = _overtaken(world, first)
        late, written = world.rows(_LATE)[0]
        first = second
    world.receiver.behave(delay=0.5)
    world.emit(size.deliveries // WEBHOOKS)
    _overtaken(world, first)
    world.start("flush", "django", "flush")
    world.drained()
    return [
        *world.verdict(),
        Number("late_failures", int(late), least=1, most=math.inf),
        Number("of_these_written", int(written)),
    ]


def _overtaken(world: World, worker: Child) -> Child:
    """Stop a worker in mid-flight, have another go on, and let the first come back."""
    world.until(lambda: world.left() > 0, 1)
    time.sleep(0.3)
    world.signal(worker, signal.SIGSTOP)
    world.note_unrecorded()
    (other,) = world.ready(world.worker("pump"))
    time.sleep(OVERTAKEN_SECONDS)
    world.signal(worker, signal.SIGCONT)
    time.sleep(BACK_SECONDS)
    world.killed(worker)
    return other


DRILL = Drill(
    id="D-11",
    title="a worker stopped for longer than its leases, then let go on",
    passes="lost 0; no failure that came too late is written; dups at most what was "
    "in flight",
    short=Size(deliveries=400, faults=1),
    long=Size(deliveries=2_000, faults=10),
    mutants=["late-failures-count"],
    run=run,
    # What has failed is sent again when this drill says so.
    settings={"WEBHOOKS_CUTOFF_FAILURES": 1000, "WEBHOOKS_FLUSHER_PERIOD": 60},
)
