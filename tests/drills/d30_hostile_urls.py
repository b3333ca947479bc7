"""D-30: every hostile URL by every way in, and listeners that nobody must find.

Registered as a webhook and as a token server; then put past registration, and sent by
the door, by a worker, as a test, in a receiver's check, for a token. Each name that has
no address leads to this machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from benchmarks.processes import Child
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.traps import resolver, traps
from tests.drills.world import World

REGISTRATIONS: Final = ("webhooks", "providers")
WAYS: Final = (*REGISTRATIONS, "tokens", "tests", "checks")
LEAST_URLS: Final = 15_000
_TRIED: Final = "SELECT count(*) FROM webhooks_webhookdata WHERE attempts > 0"
_SECONDS: Final = 600.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Try them all; `deliveries` are the URLs that each slow way is given."""
    preload = resolver(world.folder)
    child = world.start("ways", "tests.drills.ways_in", talks=True, LD_PRELOAD=preload)
    with traps() as (port, listeners):
        urls = _ask(child, "dial", port, 1)["tried"]
        step = max(1, urls // size.deliveries)
        numbers = [_of_way(child, way, port, step) for way in WAYS]
        sent = _by_worker(world, child, port, step, preload)
        return [
            Number("connections", listeners.connections),
            Number("urls", urls, least=LEAST_URLS, most=math.inf),
            *(each for found in numbers for each in found),
            told("sent", sent),
            told("traps", listeners.listening),
        ]


def _ask(child: Child, way: str, port: int, step: int) -> dict[str, int]:
    child.tell({"do": way, "port": port, "step": step})
    answer: dict[str, int] = child.hear()
    return answer


def _of_way(child: Child, way: str, port: int, step: int) -> list[Number]:
    """How many it was given; of a registration what it took and what it should not."""
    found = _ask(child, way, port, step)
    numbers = [told(way, found["tried"])]
    if way in REGISTRATIONS:
        wrong = found.get("accepted", 0) + found.get("failed", 0)
        theirs = found.get("theirs", 0)
        numbers.append(Number(f"{way}_wrong", wrong))
        numbers.append(Number(f"{way}_theirs", theirs, least=1, most=math.inf))
    return numbers


def _by_worker(world: World, child: Child, port: int, step: int, preload: str) -> int:
    """As the workers send, each to a webhook of its own."""
    rows = _ask(child, "rows", port, step)["tried"]
    world.ready(world.worker("pump", 1, LD_PRELOAD=preload), world.control())
    if not world.until(lambda: world.rows(_TRIED)[0][0] >= rows, _SECONDS):
        raise TimeoutError("Not everything is tried.")
    return rows


DRILL = Drill(
    id="D-30",
    title="hostile URLs by every way in",
    passes="0 connections to any of our addresses, whatever the URL and way; nothing "
    "registered but URLs of others' hosts; no answer 5xx",
    short=Size(deliveries=400),
    long=Size(deliveries=100_000),
    mutants=["any-address-is-dialled", "any-host-is-registered"],
    run=run,
    settings={"WEBHOOKS_ALLOWED_NETWORKS": "", "WEBHOOKS_FLUSHER_PERIOD": 600},
)
