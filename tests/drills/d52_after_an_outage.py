"""D-52: a receiver comes back after an outage, with everything waiting for it.

As one that has just started it takes a second for each request. It is not met by a
herd: one request, and then at most one more at a time than it has answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.ledger import Receipt
from tests.drills.world import EVENT, World

ANSWER_SECONDS = 1.05
FIRST_SECOND = 2
CUTOFF = 10
CUT_OFF = "SELECT count(*) FROM webhooks_lease WHERE cut_off_at IS NOT NULL"


def run(world: World, size: Size) -> Sequence[Number]:
    """Refuse until the webhook is cut off, then come back."""
    world.register("/")
    world.receiver.behave(status=500)
    world.service()
    world.emit(size.deliveries, event=EVENT, group=500)
    cut_off = world.until(lambda: world.rows(CUT_OFF) == [(1,)], 30)
    refused = world.ledger.refused
    world.receiver.behave(delay=ANSWER_SECONDS)
    world.drained()
    arrivals = sorted(each.received_at for each in world.ledger.receipts())
    first = sum(instant < arrivals[0] + 1.0 for instant in arrivals)
    return [
        *world.verdict(duplicates=0),
        Number("cut_off", int(cut_off), least=1, most=1),
        Number("first_second", first, most=FIRST_SECOND),
        Number("too_many_at_a_time", _too_many(world.ledger.receipts())),
        told("refused", refused),
    ]


def _too_many(receipts: Sequence[Receipt]) -> int:
    """How many more were in flight, at worst, than one and those answered."""
    arrivals = sorted(each.received_at for each in receipts)
    worst = 0
    for number, instant in enumerate(arrivals, start=1):
        answered = sum(earlier + ANSWER_SECONDS <= instant for earlier in arrivals)
        worst = max(worst, number - answered - (1 + answered))
    return worst


DRILL = Drill(
    id="D-52",
    title="a receiver comes back after an outage",
    passes="lost 0, dups 0, 2 requests at most in the first second, then a ramp",
    short=Size(deliveries=50),
    long=Size(deliveries=1_000),
    mutants=["windows-begin-open"],
    run=run,
)
