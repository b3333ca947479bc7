"""D-20: a model of what may happen, and Hypothesis that looks for what breaks it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

# Of one example, at most.
STEPS = 40


def run(world: World, size: Size) -> Sequence[Number]:
    """So many examples, others each time; the seed is told."""
    seed = random.SystemRandom().randrange(1_000_000)
    command = ["tests.drills.model", "--examples", size.faults, "--steps", STEPS]
    model = world.start("model", *command, "--seed", seed, talks=True)
    # It says something after each example.
    while not (said := model.hear()):
        pass
    return [
        Number("broken", said["broken"]),
        Number("steps", said.get("steps", 0), least=size.deliveries, most=math.inf),
        told("rows", said.get("rows", 0)),
        told("duplicates_allowed", said.get("duplicates", 0)),
        told("seed", seed),
    ]


DRILL = Drill(
    id="D-20",
    title="a model check: pumps that die, sleep, fail and are told to stop",
    passes="I1 to I3, I5, I7, I10, I13 and I14 hold at every step; nothing is left",
    short=Size(faults=120, deliveries=3_000),
    long=Size(faults=1_000, deliveries=20_000),
    mutants=[
        "leases-have-no-owner",
        "leases-never-end",
        "keys-are-not-unique",
    ],
    run=run,
)
