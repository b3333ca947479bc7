"""D-14: beat stops, then two run at once.

Without one /readyz says so within three periods of the flusher. With two, executions
are as many as with one, and a receiver that fails gets its ten requests of each.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size
from tests.drills.web import ask, serve
from tests.drills.world import World

FAILS = "/fails"
PERIOD_SECONDS = 2.0
# Three periods, and half of one for who looks.
MOST_TICKS = 3.5
PATIENCE_SECONDS = 20.0
READY_SECONDS = 10.0
_AGE = """
SELECT extract(epoch FROM clock_timestamp() - max(started_at))::float8
FROM webhooks_flusherexecution
"""
_EXECUTIONS = "SELECT max(id) FROM webhooks_flusherexecution"
_UNLIKE_TEN = """
SELECT count(*) FROM (
    SELECT e.id FROM webhooks_flusherexecution e
    LEFT JOIN webhooks_deliveryattempt a ON a.execution = e.id
    WHERE e.id > %s AND e.id < %s GROUP BY e.id HAVING count(a.id) <> 10) unlike
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """No beat, then two."""
    world.register(FAILS)
    world.receiver.behave(FAILS, status=500)
    _, port = serve(world)
    _, control = world.service()
    world.emit(size.deliveries, group=10)
    missed = ticks = 0.0
    if not world.until(lambda: _flusher(port) == "ok", PATIENCE_SECONDS):
        missed += 1
    world.kill(control)
    if world.until(lambda: _flusher(port) == "late", PATIENCE_SECONDS):
        ticks = float(world.rows(_AGE)[0][0]) / PERIOD_SECONDS
    else:
        missed += 1
    world.ready(world.control(), world.control())
    began, first = time.monotonic(), _last(world)
    time.sleep(size.seconds)
    last = _last(world)
    periods = (time.monotonic() - began) / PERIOD_SECONDS
    return [
        Number("alarms_missed", missed),
        Number("alarm_ticks", ticks, most=MOST_TICKS),
        Number("too_many", max(0.0, last - first - math.ceil(periods) - 1)),
        Number(
            "executions", last - first, least=math.floor(periods) - 1, most=math.inf
        ),
        Number("unlike_ten", int(world.rows(_UNLIKE_TEN, first, last)[0][0])),
        Number("forged", world.ledger.forged),
    ]


def _last(world: World) -> int:
    return int(world.rows(_EXECUTIONS)[0][0])


def _flusher(port: int) -> str:
    """What /readyz says of it."""
    return str(ask(port, "GET", "/readyz", patience=READY_SECONDS).told["flusher"])


DRILL = Drill(
    id="D-14",
    title="no beat, then two",
    passes="/readyz says so within 3 periods; with two, one execution a period, "
    "exactly 10 requests of each to who fails",
    short=Size(deliveries=50, seconds=10),
    long=Size(deliveries=50, seconds=600),
    mutants=["nobody-misses-the-flusher", "every-tick-is-an-execution"],
    run=run,
    settings={"WEBHOOKS_FLUSHER_PERIOD": PERIOD_SECONDS},
)
