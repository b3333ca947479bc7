"""The emitters' timetable over HTTP: `POST /events`, one event a request.

Says and writes what an emitter does; what it cannot see, the commit, counts as the
moment of asking. Requests overlap, up to so many: a slow answer delays no other.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from array import array
from collections import deque
from pathlib import Path
from typing import Final

import pycurl

from benchmarks.emitter import FIELDS, GRACE_SECONDS, SECOND
from benchmarks.talk import hear, say
from benchmarks.world import EVENT, payload

IN_FLIGHT: Final = 64
CREATED: Final = 201
_MOST_WAIT_SECONDS: Final = 0.05


class Poster:
    """Requests to one service, over kept-alive connections."""

    def __init__(self, url: str, token: str) -> None:
        self._multi = pycurl.CurlMulti()
        self._free = deque(self._easy(url, token) for _ in range(IN_FLIGHT))
        self._asked: dict[pycurl.Curl, tuple[int, int, bytearray]] = {}
        self.records = array("Q")

    def post(self, body: bytes, scheduled: int) -> None:
        """Ask; waits for an answer first if too many are awaited."""
        while not self._free:
            self.listen(_MOST_WAIT_SECONDS)
        easy, answer = self._free.popleft(), bytearray()
        easy.setopt(pycurl.POSTFIELDS, body)
        easy.setopt(pycurl.WRITEFUNCTION, answer.extend)
        self._asked[easy] = (scheduled, time.monotonic_ns(), answer)
        self._multi.add_handle(easy)
        self._multi.perform()

    def listen(self, seconds: float) -> None:
        """Take in answers, for so long at most."""
        self._multi.select(max(0.0, min(seconds, _MOST_WAIT_SECONDS)))
        self._multi.perform()
        queued = 1
        while queued:
            queued, good, bad = self._multi.info_read()
            if bad:
                raise SystemExit(f"A request failed: {bad[0][2]}")
            for easy in good:
                self._answered(easy)

    def finish(self) -> None:
        """Until everything is answered."""
        while self._asked:
            self.listen(_MOST_WAIT_SECONDS)

    def _answered(self, easy: pycurl.Curl) -> None:
        scheduled, began, answer = self._asked.pop(easy)
        status = easy.getinfo(pycurl.RESPONSE_CODE)
        if status != CREATED:
            raise SystemExit(f"The service answered {status}: {answer[:200]!r}")
        event = json.loads(answer)["id_event"]
        self.records.extend([scheduled, began, began, event])
        self._multi.remove_handle(easy)
        self._free.append(easy)

    def _easy(self, url: str, token: str) -> pycurl.Curl:
        easy = pycurl.Curl()
        easy.setopt(pycurl.NOSIGNAL, 1)
        easy.setopt(pycurl.PROXY, "")
        easy.setopt(pycurl.URL, f"{url}/events")
        easy.setopt(
            pycurl.HTTPHEADER,
            [
                f"Authorization: Bearer {token}",
                "Content-Type: application/json",
                # As the proxy in front of it says.
                "X-Forwarded-Proto: https",
            ],
        )
        return easy


def main() -> None:
    """Follow the timetable."""
    options = _options()
    numbers = range(options.share, options.events, options.of)
    chance = random.Random(options.share)
    bodies = [_body(number, chance.randint(1, options.webhooks)) for number in numbers]
    poster = Poster(options.url, options.token)
    say(0)
    start = hear()
    end = start + (options.events // options.rate + GRACE_SECONDS) * SECOND
    for number, body in zip(numbers, bodies, strict=True):
        scheduled = start + number * SECOND // options.rate
        while (now := time.monotonic_ns()) < scheduled:
            poster.listen((scheduled - now) / SECOND)
        if now > end:
            break
        poster.post(body, scheduled)
    poster.finish()
    Path(options.file).write_bytes(poster.records.tobytes())
    say(len(poster.records) // FIELDS)


def _body(number: int, user: int) -> bytes:
    head = json.dumps({"event": EVENT, "id_user": user})[:-1].encode()
    return head + b', "payload": ' + payload(number) + b"}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("share", "of", "events", "rate", "webhooks"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("file", "url", "token"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
