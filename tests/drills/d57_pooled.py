"""D-57: the whole service behind pgbouncer, in transaction mode with few connections.

Each transaction has another connection than the one before it, so whatever a process
left behind in its session would be missed, or found by somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills import bouncer, web
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.web import Web
from tests.drills.world import World

WEBHOOKS = 10
POOL = 5
TOGETHER = 12
# Ticks of the flusher that must come through.
EXECUTIONS = 3
PATIENCE_SECONDS = 20.0
# A command that reads through a cursor.
COMMAND = ("django", "dumpdata", "webhooks.webhook")
BACKENDS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""
_EXECUTIONS = "SELECT count(*) FROM webhooks_flusherexecution"


def run(world: World, size: Size) -> Sequence[Number]:
    """Emit, deliver, fail and flush through it."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    # The emitter's own, which does not go through it.
    others = _backends(world)
    world.receiver.behave(fail_rate=0.05)
    with bouncer.before(world.database_url, POOL) as pool:
        workers = world.service(pumps=2, DATABASE_URL=pool.url)
        with web.started(world, processes=2, DATABASE_URL=pool.url) as platform:
            refused, most = _posted(world, platform, size.deliveries // WEBHOOKS)
        command = world.start("command", *COMMAND, DATABASE_URL=pool.url)
        failed = command.popen.wait(PATIENCE_SECONDS)
        executed = world.until(
            lambda: _executions(world) >= EXECUTIONS, PATIENCE_SECONDS
        )
        took = world.drained()
        world.kill(command, *workers)
    return [
        *world.verdict(duplicates=0),
        Number("connections", most - others, least=1, most=POOL),
        Number("refused", refused),
        Number("command_failed", failed),
        Number("flusher_stuck", int(not executed)),
        told("drained_s", took),
    ]


def _posted(world: World, platform: Web, count: int) -> tuple[int, int]:
    """Events that were not taken, and the most connections that were seen."""
    refused = most = 0
    for number in range(0, count, TOGETHER):
        serials = range(number + 1, min(number + TOGETHER, count) + 1)
        answers = platform.post_together(serials)
        refused += sum(answer.status not in web.TAKEN for answer in answers)
        most = max(most, _backends(world))
    return refused, most


def _backends(world: World) -> int:
    return int(world.rows(BACKENDS)[0][0])


def _executions(world: World) -> int:
    return int(world.rows(_EXECUTIONS)[0][0])


DRILL = Drill(
    id="D-57",
    title="pgbouncer in transaction mode, with five connections for all",
    passes="lost 0, dups 0, nothing refused, the flusher and commands work",
    short=Size(deliveries=3_000),
    long=Size(deliveries=30_000),
    mutants=["locks-outlive-transactions", "cursors-live-in-the-server"],
    run=run,
)
