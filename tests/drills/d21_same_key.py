"""D-21: many emissions at once under the same idempotency key."""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size
from tests.drills.world import EVENT, World

PATHS = ("/1", "/2", "/3", "/4", "/5")
AT_ONCE = 64
KEYS = 8
FIRST = 1_000_000


def run(world: World, size: Size) -> Sequence[Number]:
    """Under one key, under eight, and with another body."""
    world.register(*PATHS)
    world.service()
    failed = one = eight = refused = 0
    for turn in range(size.faults):
        first = FIRST + turn * 100
        for keys in (1, KEYS):
            serial = first + keys
            told = world.race(
                "same_key", event=EVENT, count=AT_ONCE, keys=keys, first=serial
            )
            world.expect(range(serial, serial + keys), *PATHS)
            failed += told["failed"] + (told["repeated"] != AT_ONCE - keys)
            one, eight = (told["events"], eight) if keys == 1 else (one, told["events"])
        told = world.race("other_body", event=EVENT, count=AT_ONCE, serial=first + 1)
        refused, failed = refused + told["refused"], failed + told["failed"]
    world.drained()
    return [
        *world.verdict(duplicates=0),
        Number("of_one_key", one, least=1, most=1),
        Number("of_eight", eight, least=KEYS, most=KEYS),
        Number("other_body_taken", AT_ONCE * size.faults - refused),
        Number("failed", failed),
    ]


DRILL = Drill(
    id="D-21",
    title="64 emissions at once under one key, under 8, and with another body",
    passes="1 event, 8 events, all refused; each told once",
    short=Size(faults=3),
    long=Size(faults=50),
    mutants=["keys-are-not-unique"],
    run=run,
)
