"""D-10: PostgreSQL takes no changes: it is read-only, or its disk is full.

Emission says 503 and leaves nothing behind; workers stay and go on by themselves.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg2

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.poster import CREATED, Poster, key_of
from tests.drills.small_disk import NoSmallDisk, SmallDisk, small_disk
from tests.drills.world import World

WEBHOOKS = 5
PER_SECOND = 40
UNAVAILABLE = 503
USUAL_SECONDS = 1.5
DRAINED_SECONDS = 60.0
# Outcomes are kept so long, and recorded afterwards.
SETTLE_SECONDS = 12.0
_LEFT_BEHIND = "SELECT count(*) FROM event_log_event WHERE idempotency_key = ANY(%s)"
_TORN = """
SELECT count(*) FROM event_log_event e
WHERE (SELECT count(*) FROM webhooks_webhookdata d WHERE d.event_id = e.id) <> %s
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Both, one after the other, on a small disk if there can be one."""
    try:
        with small_disk() as disk, _moved(world, disk.data):
            full = partial(_full, disk)
            return _run(world, size, [_read_only, full])
    except NoSmallDisk as error:
        print(
            f"D-10: a full disk is NOT TRIED on this machine: {error}", file=sys.stderr
        )
        return _run(world, size, [_read_only])


def _run(
    world: World, size: Size, faults: Sequence[Callable[[World, float], None]]
) -> Sequence[Number]:
    paths = [f"/{number}" for number in range(WEBHOOKS)]
    world.register(*paths)
    world.receiver.behave(delay=0.05)
    workers = world.service()
    refused: list[int] = []
    with Poster(world, PER_SECOND) as poster:
        for fault in faults:
            time.sleep(USUAL_SECONDS)
            before = len(poster.refused)
            fault(world, size.seconds)
            refused.append(len(poster.refused) - before)
        time.sleep(USUAL_SECONDS)
    world.expect(poster.accepted, *paths)
    took = world.drained(most=2 * DRAINED_SECONDS)
    keys = [key_of(serial) for serial in poster.refused]
    known = poster.answers[CREATED] + poster.answers[UNAVAILABLE]
    ended = sum(each.popen.poll() is not None for each in (*workers, poster.web))
    kept = size.seconds < SETTLE_SECONDS
    return [
        *world.verdict(duplicates=0 if kept else None),
        Number("least_refused", min(refused), least=1, most=math.inf),
        Number("other_answers", poster.answers.total() - known),
        Number("left_behind", int(world.rows(_LEFT_BEHIND, keys)[0][0])),
        Number("torn", int(world.rows(_TORN, WEBHOOKS)[0][0])),
        Number("workers_ended", ended),
        Number("drained_s", took, most=DRAINED_SECONDS),
        told("accepted", len(poster.accepted)),
        told("faults", len(faults)),
    ]


def _read_only(world: World, seconds: float) -> None:
    world.rows("ALTER SYSTEM SET default_transaction_read_only = on")
    world.rows("SELECT pg_reload_conf()")
    time.sleep(seconds)
    world.note_unrecorded()
    world.rows("ALTER SYSTEM RESET default_transaction_read_only")
    world.rows("SELECT pg_reload_conf()")


def _full(disk: SmallDisk, world: World, seconds: float) -> None:
    disk.fill()
    time.sleep(seconds)
    world.note_unrecorded()
    disk.empty()


@contextmanager
def _moved(world: World, folder: Path) -> Iterator[None]:
    """The drill's database is there meanwhile."""
    _elsewhere(world, f"CREATE TABLESPACE small LOCATION '{folder}'")
    try:
        _move(world, "small")
        yield
    finally:
        _move(world, "pg_default")
        _elsewhere(world, "DROP TABLESPACE small")


def _move(world: World, tablespace: str) -> None:
    """Nobody may use the database for it."""
    _elsewhere(
        world,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = 'drill'",
        f"ALTER DATABASE drill SET TABLESPACE {tablespace}",
    )


def _elsewhere(world: World, *statements: str) -> None:
    """In another database of the same server."""
    connection = psycopg2.connect(world.services.database_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


DRILL = Drill(
    id="D-10",
    title="PostgreSQL read-only, then on a full disk, under POST /events",
    passes="every refusal is a 503 that leaves nothing behind; lost 0, dups 0 while it "
    "is shorter than settling; no worker ends; drained within 60 s",
    short=Size(seconds=4),
    long=Size(seconds=60),
    mutants=["refusals-are-bugs", "outcomes-are-dropped"],
    run=run,
    settings={"WEBHOOKS_SETTLE": SETTLE_SECONDS, "WEBHOOKS_LEASE": 16},
)
