"""D-15: a payload that kills whatever process sends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.drills.drill import Drill, Number, Size, told
from tests.drills.poison import SERIAL
from tests.drills.world import POLL_SECONDS, World

PATH = "/"
MOST_DEATHS = 3
# After it is put aside, or if it never is.
PATIENCE_SECONDS = 60.0


def run(world: World, size: Size) -> Sequence[Number]:
    """Emit it among others, and count the dead."""
    book = world.folder / "deaths"
    world.register(PATH, max_in_flight=4)
    world.receiver.behave(delay=0.02)
    world.ready(world.worker("pump", DRILL_POISON=book), world.control())
    world.emit(size.deliveries, group=50)
    world.expected.discard((SERIAL, PATH))
    noted = 0
    end = time.monotonic() + PATIENCE_SECONDS
    while world.left() and time.monotonic() < end:
        if _deaths(book) > noted:
            noted = _deaths(book)
            world.note_unrecorded()
        time.sleep(POLL_SECONDS)
    aside = world.rows("SELECT count(*) FROM webhooks_webhookdata WHERE state = 4")
    return [
        *world.verdict(),
        Number("deaths", _deaths(book), least=1, most=MOST_DEATHS),
        Number("put_aside", int(aside[0][0]), least=1, most=1),
        told("others", len(world.expected)),
    ]


def _deaths(book: Path) -> int:
    return len(book.read_text().splitlines()) if book.exists() else 0


DRILL = Drill(
    id="D-15",
    title="a payload that kills its worker",
    passes="put aside after at most 3 deaths, all others delivered",
    short=Size(deliveries=300),
    long=Size(deliveries=1_000),
    mutants=["nothing-is-put-aside"],
    run=run,
)
