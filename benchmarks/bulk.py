"""P4: bulk emission, in webhook data rows a second, for several fan-outs.

One process emits 500 events at a time, each batch in a transaction of its own. The
target is judged at a fan-out of 10; a fan-out of 1 pays for an event with each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.bench import Bench
from benchmarks.targets import Criterion, Measure, Result

FAN_OUTS: Final = (1, 10, 100)
JUDGED: Final = 10
BOUND: Final = 20_000


def bulk(bench: Bench, rows: int) -> dict[int, float]:
    """Rows a second for each fan-out; no worker runs."""
    rates = {}
    for webhooks in FAN_OUTS:
        bench.begin()
        emission = bench.children.ready(
            "bulk emission",
            "benchmarks.bulk_emitter",
            *("--webhooks", webhooks, "--events", rows // webhooks),
            *("--url", bench.receiver.url),
        )
        emission.tell("go")
        rates[webhooks] = rows / float(emission.hear())
        bench.children.stop(emission)
    return rates


def judge(rounds: Sequence[dict[int, float]]) -> Result:
    """P4."""
    measures = {
        webhooks: Measure(
            name=f"fan-out {webhooks}",
            unit="rows/s",
            rounds=[each[webhooks] for each in rounds],
        )
        for webhooks in FAN_OUTS
    }
    judged = Criterion(measure=measures.pop(JUDGED), bound=BOUND, at_least=True)
    return Result(target="P4", criteria=[judged], measures=list(measures.values()))
