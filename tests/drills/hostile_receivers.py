"""A process of D-33: calls receivers that mean harm, and measures what they cost."""

from __future__ import annotations

import dataclasses
import gzip
import resource
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from apps.outbound.handle import EXCERPT_BYTES, HEADER_BYTES
from apps.outbound.outcome import Cause
from apps.outbound.transport import OutgoingRequest, Transport
from apps.webhooks.conf import transport_policy
from benchmarks.talk import hear, say
from tests.integration.test_transport import drip, forever, hostile

Talk = Callable[[socket.socket], None]
ANSWER: Final = b"HTTP/1.1 200 OK\r\n"
# Half a megabyte on the wire, half a gigabyte to who inflates it.
BOMB_BYTES: Final = 512 << 20
_CHUNK: Final = 1 << 20
_LOOK_SECONDS: Final = 0.1


def after(start: bytes, talk: Talk) -> Talk:
    """A beginning that looks well."""

    def begin(connection: socket.socket) -> None:
        connection.sendall(start)
        talk(connection)

    return begin


def bomb() -> Talk:
    """A body that is said to be compressed."""
    part = gzip.compress(b"\0" * _CHUNK) * (BOMB_BYTES // _CHUNK)
    head = ANSWER + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(part)
    return lambda connection: connection.sendall(head + part)


def modes() -> dict[str, tuple[Talk, Cause]]:
    """What receivers do, and what must come of it."""
    header, line = b"X: " + b"y" * 1000 + b"\r\n", b"z" * 4096
    chunk = b"1000\r\n" + line + b"\r\n"
    chunked = ANSWER + b"Transfer-Encoding: chunked\r\n\r\n"
    broken = b"HTTP/1.1 500 No\r\n\r\n"
    return {
        "closes": (lambda connection: connection.close(), Cause.DISCONNECTED),
        "not HTTP": (lambda each: each.sendall(b"220 hello\r\n\r\n"), Cause.PROTOCOL),
        "hangs": (lambda connection: None, Cause.TIMEOUT),
        "drips its status": (drip(ANSWER * 20), Cause.TIMEOUT),
        "drips a header": (after(ANSWER, drip(header)), Cause.TIMEOUT),
        "drips its body": (after(ANSWER + b"\r\n", drip(line)), Cause.TIMEOUT),
        "drips chunks": (after(chunked, drip(chunk)), Cause.TIMEOUT),
        "says nothing after": (after(ANSWER, lambda connection: None), Cause.TIMEOUT),
        "endless headers": (after(ANSWER, forever(header)), Cause.PROTOCOL),
        "endless line": (after(ANSWER + b"X: ", forever(line)), Cause.PROTOCOL),
        "endless 100": (forever(b"HTTP/1.1 100 Continue\r\n\r\n"), Cause.PROTOCOL),
        "endless body": (after(ANSWER + b"\r\n", forever(line)), Cause.ACCEPTED),
        "endless chunks": (after(chunked, forever(chunk)), Cause.ACCEPTED),
        "endless refusal": (after(broken, forever(line)), Cause.STATUS),
        "bomb": (bomb(), Cause.ACCEPTED),
    }


def call(talk: Talk, deadline: float) -> tuple[Cause, int, float]:
    """What came of it, how many bytes were kept, and after how many seconds."""
    policy = dataclasses.replace(transport_policy(), connect_timeout=deadline)
    with hostile(talk) as url, closing(Transport(policy, sockets=1)) as door:
        began = time.monotonic()
        door.submit(OutgoingRequest(url, ["X-A: b"], b"{}", deadline), None)
        while True:
            for _, outcome in door.completed(_LOOK_SECONDS):
                kept = max(
                    len(outcome.excerpt) - EXCERPT_BYTES,
                    len(outcome.headers) - HEADER_BYTES,
                )
                return outcome.cause, kept, time.monotonic() - began


def measure(deadline: float, times: int) -> dict[str, Any]:
    """All of them, so many times; memory from when all was loaded."""
    talks = modes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrong: list[str] = []
    slowest, over = 0.0, 0
    for _ in range(times):
        for name, (talk, expected) in talks.items():
            cause, kept, seconds = call(talk, deadline)
            slowest, over = max(slowest, seconds), max(over, kept)
            if cause is not expected:
                wrong.append(f"{name}: {cause.value}")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "modes": len(talks),
        "slowest": slowest,
        "over": over,
        "wrong": wrong,
        "grown_mb": grown / 1024,
    }


def main() -> None:
    """Do as told until the drill is over."""
    while True:
        say(measure(**hear()))


if __name__ == "__main__":
    main()
