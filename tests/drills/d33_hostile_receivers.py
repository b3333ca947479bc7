"""D-33: receivers that never end, or end the process: in time and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

DEADLINE: Final = 1.0
MOST_SECONDS_MORE: Final = 1.0
MOST_MB: Final = 20.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Call each of them `faults` times."""
    child = world.start("caller", "tests.drills.hostile_receivers", talks=True)
    child.tell({"deadline": DEADLINE, "times": size.faults})
    found = child.hear()
    if found["wrong"]:
        print(", ".join(found["wrong"]))
    return [
        Number("wrong", len(found["wrong"])),
        Number("slowest_s", found["slowest"], most=DEADLINE + MOST_SECONDS_MORE),
        Number("MB_more", found["grown_mb"], most=MOST_MB),
        Number("bytes_over", max(0, found["over"])),
        told("receivers", found["modes"]),
    ]


DRILL = Drill(
    id="D-33",
    title="drips, silence, bombs, headers and bodies without end",
    passes="each over within its deadline and a second, with the right outcome; 20 MB "
    "of memory at most; 4 KB of a body and 8 KB of headers kept",
    short=Size(faults=1),
    long=Size(faults=10),
    mutants=["bodies-have-no-end"],
    run=run,
)
