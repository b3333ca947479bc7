"""D-22: temporary users are told of while they are being made permanent."""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import EVENT, World

PATH = "/"
FIRST = 1_000_000
_EARLY = """
SELECT count(*) FROM webhooks_deliveryattempt a
JOIN webhooks_webhookdata d ON d.id = a.webhook_data_id
JOIN event_log_event e ON e.id = d.event_id
JOIN event_log_enduser u ON u.id = e.user_id
WHERE u.permanent_at IS NULL OR a.started_at < u.permanent_at
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Race, and look for data that nobody has let go."""
    world.register(PATH)
    world.service()
    raced = world.race("permanence", event=EVENT, count=size.deliveries, first=FIRST)
    world.expect(range(FIRST, FIRST + size.deliveries), PATH)
    world.until(lambda: not world.lost(), 10)
    return [
        *world.verdict(duplicates=0),
        Number("before_permanent", int(world.rows(_EARLY)[0][0])),
        Number("failed", raced["failed"]),
        told("users", size.deliveries),
    ]


DRILL = Drill(
    id="D-22",
    title="a temporary user is made permanent while an event about it is emitted",
    passes="each delivered exactly once, none before",
    short=Size(deliveries=400),
    long=Size(deliveries=1_000),
    mutants=["temporary-users-are-not-locked"],
    run=run,
)
