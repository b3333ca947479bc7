"""P8: the memory of one pump, with many requests in flight and with large ones.

The receiver never answers, so that everything that may be in flight is. Resident
memory is the peak that the kernel recorded, shared pages of the interpreter included.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apps.webhooks.demo.processes import kill_group
from benchmarks.bench import Bench
from benchmarks.cpu import children_of
from benchmarks.processes import BenchmarkError
from benchmarks.targets import Criterion, Measure, Result

# The most that one pump can have open (setting WEBHOOKS_PUMP_SOCKETS).
SOCKETS: Final = 480
LARGE: Final = 50
LARGE_BYTES: Final = 5_000_000
BOUND_MB: Final = 150
BOUND_TIMES: Final = 3
MB: Final = 1_000_000
# Longer than what is in flight needs to get there.
DEADLINE: Final = 10
SETTLE_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of a pump's process, in bytes: before, at its peak; and requests in flight."""

    before: int
    peak: int
    in_flight: int


def many(bench: Bench) -> Memory:
    """As many requests of 1 KB in flight as a pump may have."""
    return _measure(bench, SOCKETS, SOCKETS, [])


def large(bench: Bench) -> Memory:
    """50 bodies of 5 MB, compressed; as many in flight as a pump takes at a time."""
    options = ["--bytes", LARGE_BYTES, "--gzip"]
    return _measure(bench, LARGE, 1, options)


def _measure(
    bench: Bench, webhooks: int, at_least: int, options: list[object]
) -> Memory:
    bench.begin()
    backlog = bench.emitted(1, *bench.registered(webhooks, "/hang"), *options)
    settings = {"WEBHOOKS_PUMP_SOCKETS": SOCKETS, "WEBHOOKS_DEADLINE": DEADLINE}
    with bench.pumps(1, **settings) as worker:
        (pump,) = children_of(worker.pid)
        before = resident(pump, "VmRSS")
        bench.commit(backlog)
        in_flight = _steady(bench, at_least)
        peak = resident(pump, "VmHWM")
        # It would wait until what hangs has timed out.
        kill_group(worker.pid)
    return Memory(before=before, peak=peak, in_flight=in_flight)


def _steady(bench: Bench, at_least: int) -> int:
    """How many requests there are once no more come."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        seen = bench.receiver.requests
        time.sleep(SETTLE_SECONDS)
        if seen >= at_least and bench.receiver.requests == seen:
            return seen
    raise BenchmarkError(f"Only {bench.receiver.requests} requests came.")


def resident(pid: int, name: str) -> int:
    """Bytes: `VmRSS` now, `VmHWM` at the peak."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise BenchmarkError("The pump is gone.")


def judge(rounds: Sequence[tuple[Memory, Memory]]) -> Result:
    """P8."""
    peaks = [many.peak / MB for many, _ in rounds]
    times = [
        (large.peak - large.before) / (large.in_flight * LARGE_BYTES)
        for _, large in rounds
    ]
    flying = [float(many.in_flight) for many, _ in rounds]
    bodies = [float(large.in_flight) for _, large in rounds]
    return Result(
        target="P8",
        criteria=[
            Criterion(
                measure=Measure(name="peak, many in flight", unit="MB", rounds=peaks),
                bound=BOUND_MB,
                label="MB",
            ),
            Criterion(
                measure=Measure(
                    name="growth to bodies in flight", unit="times", rounds=times
                ),
                bound=BOUND_TIMES,
                label="times the bodies",
            ),
        ],
        measures=[
            Measure(name="many: in flight", unit="requests", rounds=flying),
            Measure(name="large: in flight of 50", unit="requests", rounds=bodies),
        ],
    )
