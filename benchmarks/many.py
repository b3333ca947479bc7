"""P10: eight pumps against one webhook with a long backlog, and against thousands."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.bench import Bench
from benchmarks.cpu import busy_seconds
from benchmarks.targets import Criterion, Measure, Result

PUMPS: Final = 8
ROWS_EACH: Final = 10
# Of the machine's cores, on average from the first request to the last record.
BUSY_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Deliveries a second, requests too many, and the share of the cores in use."""

    rate: float
    duplicates: int
    busy: float


def drain(bench: Bench, webhooks: int, rows: int) -> Many:
    """`rows` for each of so many webhooks, from the commit to the last record."""
    bench.begin()
    backlog = bench.emitted(rows, *bench.registered(webhooks))
    with bench.pumps(PUMPS):
        committed, busy = bench.commit(backlog), busy_seconds()
        end = bench.wait_for(webhooks * rows)
        used = busy_seconds() - busy
        # Whatever was sent twice arrives within a moment.
        time.sleep(1.0)
    seconds = (end - committed) / 1e9
    receiver = bench.receiver
    return Many(
        rate=webhooks * rows / seconds,
        duplicates=receiver.duplicates + receiver.faults,
        busy=used / seconds / len(os.sched_getaffinity(0)),
    )


def judge(one: Sequence[Many], thousands: Sequence[Many]) -> Result:
    """P10."""
    return Result(
        target="P10",
        criteria=[
            *(
                Criterion(
                    measure=Measure(
                        name=f"{name}, duplicates",
                        unit="",
                        rounds=[float(each.duplicates) for each in rounds],
                    ),
                    bound=0,
                    label=f"{name}, duplicates",
                )
                for name, rounds in (("one webhook", one), ("thousands", thousands))
            ),
            Criterion(
                measure=Measure(
                    name="cores in use",
                    unit="of all",
                    rounds=[each.busy for each in thousands],
                ),
                bound=BUSY_SHARE,
                at_least=True,
                label="cores in use",
            ),
        ],
        measures=[
            Measure(
                name=f"{name}, rate",
                unit="deliveries/s",
                rounds=[each.rate for each in rounds],
            )
            for name, rounds in (("one webhook", one), ("thousands", thousands))
        ],
    )
