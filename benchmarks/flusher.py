"""P6: one execution of the flusher over a large backlog of dead webhooks.

The webhooks are cut off in the execution that is current; then an operator flushes.
What the database needs before the first request is at most the time from the flush
to that request. Each webhook then gets exactly as many requests as cut it off.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.bench import PUMPS, STUCK_SECONDS, WEBHOOKS, Bench
from benchmarks.processes import BenchmarkError
from benchmarks.targets import Criterion, Measure, Result

# How the receiver behaves, and how many requests cut a webhook off then.
CUTOFFS: Final = {"/refuse": 10, "/hang": 2}
BOUND_SECONDS: Final = 1.0
# A hanging receiver is given up after this many seconds here, to end sooner.
DEADLINE: Final = 1
QUIET_SECONDS: Final = 2.0
POLL_SECONDS: Final = 0.001
_COUNTS: Final = """
SELECT w.id, count(a.id) FROM webhooks_webhook w
LEFT JOIN webhooks_deliveryattempt a ON a.webhook_id = w.id GROUP BY w.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Seconds from the flush to the first request, and webhooks off their count."""

    seconds: float
    inexact: int


def flush(bench: Bench, unsent: int, manner: str) -> Flush:
    """Two executions, of which the second is measured."""
    bench.begin()
    bench.commit(bench.emitted(unsent // WEBHOOKS, *bench.registered(manner=manner)))
    cutoff = CUTOFFS[manner]
    with bench.pumps(PUMPS, WEBHOOKS_DEADLINE=DEADLINE):
        _until_quiet(bench, WEBHOOKS * cutoff)
        flusher = bench.children.ready("flusher", "benchmarks.flush_once")
        flusher.tell("flush")
        began = int(flusher.hear())
        first = _first_after(bench, WEBHOOKS * cutoff)
        bench.children.stop(flusher)
        _until_quiet(bench, 2 * WEBHOOKS * cutoff)
    counts = [count for _, count in bench.rows(_COUNTS)]
    inexact = sum(count != 2 * cutoff for count in counts)
    return Flush(seconds=(first - began) / 1e9, inexact=inexact)


def _until_quiet(bench: Bench, expected: int) -> None:
    """Until so many requests came, and no more for a while."""
    end = time.monotonic() + STUCK_SECONDS
    while bench.receiver.requests < expected:
        if time.monotonic() > end:
            raise BenchmarkError(
                f"{bench.receiver.requests} of {expected} requests came."
            )
        time.sleep(POLL_SECONDS)
    time.sleep(QUIET_SECONDS)


def _first_after(bench: Bench, requests: int) -> int:
    end = time.monotonic() + STUCK_SECONDS
    while bench.receiver.requests == requests:
        if time.monotonic() > end:
            raise BenchmarkError("The flush sent nothing.")
        time.sleep(POLL_SECONDS)
    return time.monotonic_ns()


def judge(rounds: Sequence[dict[str, Flush]]) -> Result:
    """P6, for receivers that refuse and for those that hang."""
    criteria = []
    for manner, cutoff in CUTOFFS.items():
        flushes = [each[manner] for each in rounds]
        seconds = [each.seconds for each in flushes]
        inexact = [float(each.inexact) for each in flushes]
        criteria += [
            Criterion(
                measure=Measure(
                    name=f"flush to first request, {manner}", unit="s", rounds=seconds
                ),
                bound=BOUND_SECONDS,
                label=f"{manner[1:]} s",
            ),
            Criterion(
                measure=Measure(
                    name=f"webhooks without exactly {cutoff}", unit="", rounds=inexact
                ),
                bound=0,
                label=f"not exactly {cutoff}",
                tacit=True,
            ),
        ]
    return Result(target="P6", criteria=criteria, measures=[])
