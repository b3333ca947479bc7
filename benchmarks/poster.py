"""The emitters' timetable over HTTP: `POST /events`, one event a request.

Prepares the requests and becomes the program in C that sends them: one that is written
in Python uses a third of a core, which the service then has not. It says and writes
what an emitter does; what it cannot see, the commit, counts as the moment of asking.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.world import EVENT, payload

_SIZE_BYTES: Final = 4


def main() -> None:
    """Prepare, and follow the timetable."""
    options = _options()
    requests = Path(f"{options.file}.requests")
    host = urlsplit(options.url).netloc
    chance = random.Random(0)
    with requests.open("wb") as file:
        for number in range(options.events):
            body = _body(number, chance.randint(1, options.webhooks))
            request = _head(host, options.token, len(body)) + body
            file.write(len(request).to_bytes(_SIZE_BYTES, "little") + request)
    port = host.rpartition(":")[2]
    os.execv(  # nosec B606
        options.program,
        [options.program, port, str(options.rate), str(requests), options.file],
    )


def _head(host: str, token: str, size: int) -> bytes:
    lines = (
        "POST /events HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        # As the proxy in front of it says.
        "X-Forwarded-Proto: https",
        f"Content-Length: {size}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _body(number: int, user: int) -> bytes:
    head = json.dumps({"event": EVENT, "id_user": user})[:-1].encode()
    return head + b', "payload": ' + payload(number) + b"}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("events", "rate", "webhooks"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("file", "url", "token", "program"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
