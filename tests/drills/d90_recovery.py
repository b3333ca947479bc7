"""D-90: what one webhook refused is recovered beside live traffic, and disturbed.

The worker that sends it is killed with -9; it is paused, resumed and cancelled midway,
all by `manage.py replay`, and another replay takes what is left. Both reports must add
up, and live counters know of neither.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.stats import percentile
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import OTHER_EVENT, World

BROKEN = "/recovered"
WEBHOOKS = 20
LIVE_RATE = 200
MOST_RATE = 500
# After a failure a webhook is sent one request at a time: so many a second, at least.
LEAST_REFUSED = 20
# How long one replay of all takes, so that each disturbance falls into it.
REPLAY_SECONDS = 15
# A turn's lease, and the sweep that finds it.
TAKEN_OVER_SECONDS = 25.0
# For what was in flight at the pause.
LANDING_SECONDS = 1.0
PAUSED_SECONDS = 2.0
_COUNTERS = """
SELECT coalesce(sum(b.attempts), 0), coalesce(sum(b.accepted), 0),
    min(l.consecutive_failures), min(l.timeouts)
FROM webhooks_lease l LEFT JOIN webhooks_healthbucket b USING (webhook_id)
WHERE l.webhook_id = %s
"""
_ITEMS = """
SELECT count(*), count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2),
    count(*) FILTER (WHERE state = 3)
FROM webhooks_replayitem WHERE replay_id = %s
"""
_TRIED = "SELECT count(*) FROM webhooks_webhookdata WHERE attempts > 0"
_REPORT = "SELECT total, delivered, failed, skipped FROM webhooks_replay WHERE id = %s"
_AT_REST = """
SELECT leased_until IS NULL AND state <> 'running' FROM webhooks_replay WHERE id = %s
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Refuse, recover, disturb, compare."""
    webhook, control = _refused(world, size)
    before = world.rows(_COUNTERS, webhook)[0]
    began = time.monotonic()
    world.begin_emitting(int(size.seconds * LIVE_RATE / WEBHOOKS), seconds=size.seconds)
    order = ["--webhook", webhook, "--rate", _rate(size), "--reason", "drill"]
    first = _replay(world, *order, "--detach")["replay"]
    world.until(lambda: _done(world, first) >= size.deliveries / 5, 60)
    world.killed(control)
    world.control()
    stood = _done(world, first)
    at = time.monotonic()
    went_on = world.until(lambda: _done(world, first) > stood, TAKEN_OVER_SECONDS)
    taken = Number("taken_over_s", time.monotonic() - at, most=TAKEN_OVER_SECONDS)
    if not went_on:
        return [taken]
    sent = _pause(world, first)
    world.until(lambda: _done(world, first) >= size.deliveries / 2, 60)
    left = _replay(world, "--cancel", first)["cancelled"]
    world.until(lambda: bool(world.rows(_AT_REST, first)[0][0]), 30)
    second = _replay(world, *order, "--detach")["replay"]
    world.until(lambda: bool(world.rows(_AT_REST, second)[0][0]), 120)
    lasted = time.monotonic() - began
    world.emitted()
    world.drained()
    after = world.rows(_COUNTERS, webhook)[0]
    return [
        *world.verdict(),
        taken,
        Number("sent_while_paused", sent),
        Number("unaccounted", _wrong(world, first) + _wrong(world, second)),
        Number("touched", sum(abs(b - a) for a, b in zip(before, after, strict=True))),
        Number("unmarked", _unmarked(world)),
        Number("not_cancelled", float(left <= 0)),
        told("cancelled", left),
        told("seconds", lasted),
        told("live_p99_ms", _p99(world)),
    ]


def _rate(size: Size) -> int:
    return min(MOST_RATE, size.deliveries // REPLAY_SECONDS)


def _refused(world: World, size: Size) -> tuple[int, Any]:
    """A webhook that has refused everything once; the control worker."""
    (webhook,) = world.register(BROKEN, event=OTHER_EVENT)
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    world.receiver.behave(BROKEN, status=500)
    _, control = world.service()
    world.emit(size.deliveries, event=OTHER_EVENT, group=500)
    patience = size.deliveries / LEAST_REFUSED
    if not world.until(lambda: world.rows(_TRIED)[0][0] >= size.deliveries, patience):
        raise TimeoutError("Not everything is tried.")
    world.receiver.behave(BROKEN)
    return webhook, control


def _replay(world: World, *words: object) -> dict[str, Any]:
    """What the command says."""
    command = ["django", "replay", *words, "--format", "json"]
    said: dict[str, Any] = world.start("replay", *command, talks=True).hear()
    return said


def _done(world: World, replay: int) -> int:
    return int(world.rows(_REPORT, replay)[0][1])


def _pause(world: World, replay: int) -> int:
    """How many are sent while it is paused; it then goes on."""
    _replay(world, "--pause", replay)
    time.sleep(LANDING_SECONDS)
    before = _arrived(world)
    time.sleep(PAUSED_SECONDS)
    sent = _arrived(world) - before
    _replay(world, "--resume", replay)
    return sent


def _arrived(world: World) -> int:
    receipts = world.ledger.receipts()
    return sum(receipt.pair[1] == BROKEN for receipt in receipts)


def _wrong(world: World, replay: int) -> int:
    """By how much a report differs from its items, and its sum from what was planned.

    Items that wait in a replay that is over were cancelled.
    """
    total, *ended = world.rows(_REPORT, replay)[0]
    planned, *found = world.rows(_ITEMS, replay)[0]
    apart = [abs(one - other) for one, other in zip(ended, found, strict=True)]
    return int(abs(total - planned) + sum(apart))


def _unmarked(world: World) -> int:
    """Of the last deliveries, those that do not say they are replays."""
    return sum(
        delivery.target == BROKEN
        and delivery.status == 204
        and delivery.headers.get("x-webhook-attempt-kind") != "replay"
        for delivery in world.receiver.record.deliveries()
    )


def _p99(world: World) -> float:
    """Milliseconds, from just before the emission."""
    live = [each for each in world.ledger.receipts() if each.pair[1] != BROKEN]
    return percentile([each.latency * 1000 for each in live], 99)


DRILL = Drill(
    id="D-90",
    title="a recovery beside live traffic; its worker killed, paused, cancelled",
    passes="lost 0; dups at most what was unrecorded at the kill; taken over within "
    "25 s; nothing sent while paused; both reports equal their items; health and "
    "cutoff untouched",
    short=Size(deliveries=1_200, seconds=40),
    long=Size(deliveries=10_000, seconds=60),
    mutants=["replays-of-the-dead"],
    run=run,
    # Everything is refused once, and nobody but the replay sends it again.
    settings={"WEBHOOKS_FLUSHER_PERIOD": 600, "WEBHOOKS_CUTOFF_FAILURES": 20_000},
)
