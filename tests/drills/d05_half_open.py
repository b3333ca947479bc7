"""D-05: a half-open connection to Redis: what is sent is lost, and nobody says so.

The workers' links swallow bytes from one moment on, while no pump is awake. New links
work, so whoever notices is well again; the default settings of the libraries never do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.drills import proxy
from tests.drills.drill import Drill, Number, Size
from tests.drills.world import World

MOST_SECONDS = 30.0
IDLE_SECONDS = 2.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Break the links, then emit."""
    world.register("/")
    url = urlsplit(world.services.redis_url)
    slowest = 0.0
    with proxy.to_port(url.port or 0) as links:
        where = url.netloc.replace(f":{url.port}", f":{links.port}")
        world.service(REDIS_URL=url._replace(netloc=where).geturl())
        world.emit(10)
        world.drained()
        for _ in range(size.faults):
            time.sleep(IDLE_SECONDS)
            links.swallow()
            world.emit(10)
            slowest = max(slowest, world.drained(stuck=MOST_SECONDS + 5))
    return [*world.verdict(duplicates=0), Number("back_s", slowest, most=MOST_SECONDS)]


DRILL = Drill(
    id="D-05",
    title="half-open connections to Redis",
    passes="lost 0, dups 0, deliveries back within 30 s",
    short=Size(faults=1),
    long=Size(faults=5),
    mutants=["sockets-have-no-timeout"],
    run=run,
)
