"""What the receiver can take, so that it is never the receiver that is measured."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.cpu import cpu_seconds, used
from benchmarks.curl_loop import Post, drive

BODY = b"x" * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Requests per second from one CurlMulti, and both sides' CPU µs for each."""

    rate: float
    receiver_us: float
    loop_us: float

    def __str__(self) -> str:
        return (
            f"receiver: {self.rate:,.0f} requests/s from one CurlMulti loop; CPU of "
            f"the receiver {self.receiver_us:.1f} µs, of the loop {self.loop_us:.1f} µs"
        )


def ceiling(bench: Bench, requests: int) -> Ceiling:
    """Send from this process, as fast as one loop goes."""
    bench.begin()
    receiver = {"": [bench.receiver.child.pid]}
    posts = [
        Post(number, bench.receiver.url, [f"X-Webhook-Data-Id: {number}"], BODY)
        for number in range(1, requests + 1)
    ]
    before, own, began = cpu_seconds(receiver), time.process_time(), time.monotonic()
    drive(iter(posts), lambda _: None)
    seconds, own = time.monotonic() - began, time.process_time() - own
    cpu = used(before, cpu_seconds(receiver))[""]
    return Ceiling(
        rate=requests / seconds,
        receiver_us=cpu / requests * 1e6,
        loop_us=own / requests * 1e6,
    )
