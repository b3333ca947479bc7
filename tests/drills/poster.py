"""A client of `POST /events` that asks at a steady pace, and keeps every answer."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Final, Self

from tests.drills.web import ask, emission_token, serve
from tests.drills.world import EVENT, World

CREATED: Final = 201
PATIENCE_SECONDS: Final = 30.0
# Nothing of it can be compressed, so that each event takes room in the database.
FILLER: Final = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(200))


def key_of(serial: int) -> str:
    """The idempotency key of an event."""
    return f"posted {serial}"


class Poster:
    """Posts while it is entered; `accepted` and `refused` are serial numbers."""

    def __init__(self, world: World, per_second: float) -> None:
        self._pause = 1 / per_second
        self.web, self._port = serve(world)
        self._headers = {
            "Authorization": f"Bearer {emission_token(world)}",
            "Content-Type": "application/json",
            "X-Forwarded-Proto": "https",
        }
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: Counter[int] = Counter()
        self.accepted: list[int] = []
        self.refused: list[int] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        serial = 0
        while not self._ending.wait(self._pause):
            serial += 1
            status = self._post(serial)
            self.answers[status] += 1
            (self.accepted if status == CREATED else self.refused).append(serial)

    def _post(self, serial: int) -> int:
        """The status, `NO_ANSWER` for none."""
        payload = {"serial": serial, "at": time.monotonic(), "filler": FILLER}
        body = json.dumps({"event": EVENT, "payload": payload})
        headers = {**self._headers, "Idempotency-Key": key_of(serial)}
        asked = ("POST", "/events", body, headers)
        return ask(self._port, *asked, patience=PATIENCE_SECONDS).status
