"""D-16: workers are cut off from PostgreSQL while requests are in flight.

Once so that connections end, once so that nothing travels for a while. The outcomes
arrive meanwhile, are kept, and recorded afterwards: nothing is sent twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tests.drills import proxy
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.proxy import Proxy
from tests.drills.world import World

WEBHOOKS = 10
IN_FLIGHT_SECONDS = 0.3


def run(world: World, size: Size) -> Sequence[Number]:
    """Cut, then hold, so many times each."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(delay=0.6)
    with proxy.to_database(world.database_url) as (link, url):
        workers = world.service(DATABASE_URL=url)
        recorded = 0
        for _ in range(size.faults):
            recorded += _broken(world, link, link.cut, size.seconds)
            recorded += _broken(world, link, link.hold, size.seconds)
        world.drained()
        ended = sum(worker.popen.poll() is not None for worker in workers)
        world.kill(*workers)
    return [
        *world.verdict(duplicates=0),
        Number("workers_ended", ended),
        told("kept_meanwhile", recorded),
    ]


def _broken(
    world: World, link: Proxy, fault: Callable[[], None], seconds: float
) -> int:
    """Break the line with requests in flight; how many outcomes had to be kept."""
    world.emit(2)
    time.sleep(IN_FLIGHT_SECONDS)
    fault()
    time.sleep(seconds)
    kept = len(world.unrecorded())
    link.release()
    world.drained()
    return kept


DRILL = Drill(
    id="D-16",
    title="workers cut off from PostgreSQL with requests in flight",
    passes="lost 0; dups 0 while it is shorter than settling and deadline; none ends",
    short=Size(faults=1, seconds=4),
    long=Size(faults=2, seconds=10),
    mutants=["outcomes-are-dropped"],
    run=run,
    # While its thread waits for the database a pump reads no answer: one that is older
    # than the deadline then counts as none.
    settings={"WEBHOOKS_SETTLE": 12, "WEBHOOKS_DEADLINE": 12, "WEBHOOKS_LEASE": 24},
)
