"""D-12: workers whose clocks are an hour fast, or slow.

Leases, executions and rests run by the database's clock, and signatures are dated by
it. So nothing is sent too early, too late or stale, and `manage.py doctor` warns.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import OTHER_EVENT, World

HOUR = 3600
WEBHOOKS = 10
RESTS = "/rests"
REST_SECONDS = 4
# The sweep, and the look of a pump.
FOUND_SECONDS = 3.0
_FAR = """
SELECT count(*) FROM webhooks_deliveryattempt
WHERE abs(extract(epoch FROM started_at - clock_timestamp())) > 600
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Deliver with a fast clock, then with a slow one, then with both."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.register(RESTS, event=OTHER_EVENT)
    skews = ((HOUR,), (-HOUR,), (HOUR, -HOUR))
    world.ready(world.control())
    rests = [_rest_under(world, size, skew) for skew in skews]
    warned = sum(_warns(world, seconds) for seconds in (HOUR, -HOUR))
    return [
        *world.verdict(duplicates=0),
        Number("rest_s_least", min(rests), least=REST_SECONDS, most=60),
        Number("rest_s_most", max(rests), most=REST_SECONDS + FOUND_SECONDS),
        Number("dated_wrong", int(world.rows(_FAR)[0][0])),
        Number("doctor_warns", warned, least=2, most=2),
        told("emitted", len(world.expected)),
    ]


def _rest_under(world: World, size: Size, skews: Sequence[int]) -> float:
    """Seconds between a 503 with `Retry-After` and the next request."""
    pumps = [world.worker("pump", DRILL_CLOCK=skew) for skew in skews]
    world.ready(*pumps)
    world.receiver.behave(
        RESTS, sequence=[503], headers={"Retry-After": str(REST_SECONDS)}
    )
    before = world.ledger.at(RESTS)
    world.emit(1, event=OTHER_EVENT)
    world.until(lambda: world.ledger.at(RESTS) > before, 10)
    began = time.monotonic()
    world.emit(size.deliveries // len(skews) // WEBHOOKS, group=10)
    world.until(lambda: world.ledger.at(RESTS) > before + 1, 4 * REST_SECONDS)
    rested = time.monotonic() - began
    world.drained()
    world.kill(*pumps)
    return rested


def _warns(world: World, seconds: int) -> bool:
    """Does `manage.py doctor` see that the clock is wrong?"""
    doctor = world.start("doctor", "django", "doctor", DRILL_CLOCK=seconds)
    doctor.popen.wait(60)
    return "chrony" in doctor.log.read_text()


DRILL = Drill(
    id="D-12",
    title="workers whose clocks are an hour fast, or slow",
    passes="lost 0, dups 0, no signature stale, rests as long as asked, doctor warns",
    short=Size(deliveries=600),
    long=Size(deliveries=20_000),
    mutants=["everybody-has-their-own-time"],
    run=run,
)
