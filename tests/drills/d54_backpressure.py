"""D-54: more events come than go, and then the database stands still.

`POST /events` says so early and in the API's words, and stores nothing of what it
refuses. What it has taken arrives, and what it has not is taken later.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.drills import proxy, web
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.proxy import Proxy
from tests.drills.web import Answer, Web
from tests.drills.world import World

LIMIT = 200
RATE = 100
# The backlog is counted once a second, and later on a machine that others use.
OVERSHOOT = 3 * RATE
# Of one process.
PLACES = 4


def run(world: World, size: Size) -> Sequence[Number]:
    """Fill it up without workers; then with them, and with a database that hangs."""
    world.register("/")
    serials = range(1, size.deliveries + 1)
    slow = range(size.deliveries + 1, size.deliveries + 1 + size.faults)
    with proxy.to_database(world.database_url) as (link, url):
        with web.started(world, DATABASE_URL=url) as platform:
            full = _posted(platform, serials)
            pending = world.left()
            world.service()
            late = _insisted(platform, serials, full)
            stuck, lives = _stood_still(platform, link, slow)
            late += _insisted(platform, slow, stuck)
        world.drained()
    refused = [answer for answer in full if answer.status == 503]
    return [
        *world.verdict(duplicates=0),
        Number("refused_full", len(refused), least=1, most=len(full)),
        Number("overshoot", pending - LIMIT, most=OVERSHOOT),
        Number("stored_of_refused", pending - (len(full) - len(refused))),
        Number("unanswered", sum(not each.status for each in stuck), most=PLACES),
        Number("unkind", sum(not e.is_kind for e in (*full, *stuck) if e.status)),
        Number("never_taken", late),
        Number("dead_probes", int(not lives)),
        told("slowest_refusal_ms", 1000 * max((e.seconds for e in refused), default=0)),
        told("refused_slow", web.statuses(stuck)[503]),
    ]


def _posted(platform: Web, serials: Sequence[int]) -> list[Answer]:
    """One after another, `RATE` a second."""
    began = time.monotonic()
    answers = []
    for number, serial in enumerate(serials):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        answers.append(platform.post(serial))
    return answers


def _insisted(platform: Web, serials: Sequence[int], answers: Sequence[Answer]) -> int:
    """Post again what was not taken; how many never are."""
    left = [
        serial
        for serial, answer in zip(serials, answers, strict=True)
        if answer.status not in web.TAKEN
    ]
    return sum(not platform.insist(serial) for serial in left)


def _stood_still(
    platform: Web, link: Proxy, serials: Sequence[int]
) -> tuple[list[Answer], bool]:
    """Post all while nothing travels to the database; does a probe answer then?"""
    link.hold()
    answers = platform.post_together(serials)
    lives = platform.lives()
    link.release()
    return answers, lives


DRILL = Drill(
    id="D-54",
    title="more events than can be sent; a database that stands still",
    passes="lost 0, dups 0; 503 with Retry-After, nothing stored of it; at most 4 "
    "requests of a process wait for the database, and probes answer",
    short=Size(deliveries=600, faults=30),
    long=Size(deliveries=3_000, faults=100),
    mutants=["no-backlog-is-too-long", "whoever-comes-waits"],
    run=run,
    settings={"WEBHOOKS_MAX_BACKLOG": LIMIT, "WEBHOOKS_EMIT_PATIENCE": 0.5},
)
