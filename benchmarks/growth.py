"""`python -m benchmarks.growth`: how throughput and cost grow with what is added.

Not targets, but what docs/scaling.md reckons with: more pump processes, more webhooks,
one event for very many, and large bodies with and without gzip.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Bench, bench
from benchmarks.cpu import busy_seconds, cpu_seconds, used
from benchmarks.page import GROWTH
from benchmarks.processes import BenchmarkError
from webhooks_project.embedded import ServiceError
from webhooks_project.embedded.launcher import ENDING, end

PROCESSES: Final = (1, 2, 4, 8)
WEBHOOKS: Final = (1, 100, 10_000)
MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Deliveries a second; CPU in µs a delivery by who used it; `busy` of all cores."""

    name: str
    deliveries: int
    rate: float
    worker_us: float
    postgres_us: float
    busy: float


def main() -> int:
    """Measure, print a table, write docs/performance/growth.json."""
    options = _options()
    for number in ENDING:
        signal.signal(number, end)
    try:
        with ExitStack() as stack:
            found = list(_measured(stack.enter_context(bench()), options.deliveries))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (BenchmarkError, ServiceError) as error:
        print(error, file=sys.stderr)
        return 2
    GROWTH.parent.mkdir(parents=True, exist_ok=True)
    GROWTH.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n")
    _show(found)
    return 0


def _measured(bench: Bench, deliveries: int) -> Iterator[Growth]:
    for processes in PROCESSES:
        yield _told(_drain(bench, f"{processes} processes", 100, deliveries, processes))
    for webhooks in WEBHOOKS:
        rows = max(deliveries, webhooks)
        yield _told(_drain(bench, f"{webhooks:,} webhooks", webhooks, rows, 2))
    yield _told(_drain(bench, "1 event to 10,000 webhooks", 10_000, 10_000, 2))
    for name, extra in (("5 MB bodies", []), ("5 MB bodies, gzip", ["--gzip"])):
        size: list[object] = ["--bytes", 5 * MEGABYTE, *extra]
        yield _told(_drain(bench, name, 100, 200, 2, *size))


def _drain(
    bench: Bench,
    name: str,
    webhooks: int,
    deliveries: int,
    processes: int,
    *options: object,
) -> Growth:
    """A backlog, from its commit to the last record."""
    bench.begin()
    events = deliveries // webhooks
    backlog = bench.emitted(events, *bench.registered(webhooks), *options)
    with bench.pumps(processes) as worker:
        roots = {"worker": [worker.pid], **bench.servers()}
        committed = bench.commit(backlog)
        before, busy = cpu_seconds(roots), busy_seconds()
        finished = bench.wait_for(events * webhooks)
        cpu, busy = used(before, cpu_seconds(roots)), busy_seconds() - busy
    seconds, count = (finished - committed) / 1e9, events * webhooks
    return Growth(
        name=name,
        deliveries=count,
        rate=count / seconds,
        worker_us=cpu["worker"] / count * 1e6,
        postgres_us=cpu["PostgreSQL"] / count * 1e6,
        busy=busy / seconds / len(os.sched_getaffinity(0)),
    )


def _told(growth: Growth) -> Growth:
    print(f"{growth.name}: {growth.rate:,.0f} deliveries/s", flush=True)
    return growth


def _show(found: list[Growth]) -> None:
    table = Table("", "deliveries", "a second", "worker µs", "PostgreSQL µs", "busy")
    columns: list[Callable[[Growth], str]] = [
        lambda each: each.name,
        lambda each: f"{each.deliveries:,}",
        lambda each: f"{each.rate:,.0f}",
        lambda each: f"{each.worker_us:,.0f}",
        lambda each: f"{each.postgres_us:,.0f}",
        lambda each: f"{each.busy:.0%}",
    ]
    for each in found:
        table.add_row(*(column(each) for column in columns))
    Console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--deliveries", type=int, default=50_000, help="of each drain")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
