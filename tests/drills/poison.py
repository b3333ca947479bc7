"""A payload that kills the process which sends it, for D-15."""

from __future__ import annotations

import importlib
import json
import os
import signal
from typing import Any, Final

SERIAL: Final = 40


def apply(book: str) -> None:
    """Die of the payload with that serial, and write a line into the file `book`."""
    # Not before Django is ready.
    kind: Any = importlib.import_module("apps.webhooks.engine.flights").Flights
    build = kind._build

    def deadly(flights: Any, lane: Any, row: Any, started_us: int) -> Any:
        payload = flights._payloads.payload(row)
        if json.loads(payload)["serial"] == SERIAL:
            with open(book, "a", encoding="ascii") as file:
                file.write(f"{os.getpid()}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return build(flights, lane, row, started_us)

    kind._build = deadly
