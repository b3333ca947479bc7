"""D-31: names that lead elsewhere when they are asked for again.

The first answer may be dialled, the next is this machine; or both come in one answer.
What is judged must be the address of the socket that is opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.traps import GOOD, Traps, resolver, traps
from tests.drills.world import World


def run(world: World, size: Size) -> Sequence[Number]:
    """So many names of each kind."""
    preload = resolver(world.folder)
    child = world.start("names", "tests.drills.ways_in", talks=True, LD_PRELOAD=preload)
    with traps() as (port, listeners):
        good = Traps((GOOD, port))
        good.start()
        child.tell({"do": "rebind", "port": port, "count": size.deliveries})
        child.hear()
        good.stop()
        return [
            Number("connections", listeners.connections),
            # It is no proof that nobody calls at all: good names are called, and those
            # that will change are while they are good.
            Number(
                "good_connections",
                good.connections,
                least=size.deliveries,
                most=float("inf"),
            ),
            told("names", 4 * size.deliveries),
        ]


DRILL = Drill(
    id="D-31",
    title="names that change their addresses, or have some of ours among them",
    passes="0 connections to ours, while those that may be dialled are",
    short=Size(deliveries=500),
    long=Size(deliveries=10_000),
    mutants=["addresses-are-judged-beforehand"],
    run=run,
    settings={"WEBHOOKS_ALLOWED_NETWORKS": f"{GOOD}/32"},
)
