"""P7: what reading costs once ten million deliveries are in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.bench import Bench
from benchmarks.grown_world import grow
from benchmarks.stats import percentile
from benchmarks.targets import Criterion, Measure, Result

LEASE_MS: Final = 10
PAGE_MS: Final = 200
_SIZES: Final = """
SELECT sum(pg_table_size(id)) / 1e9::float8, sum(pg_indexes_size(id)) / 1e9::float8
FROM (VALUES ('event_log_event'::regclass), ('webhooks_webhookdata'),
    ('webhooks_deliveryattempt')) AS big(id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """One round, in milliseconds; `lists` by page, the slowest of each."""

    leases: Sequence[float]
    lists: dict[str, float]
    logs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What was loaded, how large that is, what reading it took, how fast it goes."""

    rows: int
    tables_gb: float
    indexes_gb: float
    rounds: Sequence[Reads]
    purged_a_second: float


def grown(bench: Bench, rows: int, rounds: int) -> Grown:
    """Load once, and read as often as there are rounds."""
    grow(bench, rows)
    tables, indexes = map(float, bench.rows(_SIZES)[0])
    reader = bench.children.ready("reader", "benchmarks.grown_reads")
    reads = []
    for _ in range(rounds):
        reader.tell("read")
        reads.append(Reads(**reader.hear()))
    reader.tell("end")
    purged = float(reader.hear())
    bench.children.stop(reader)
    return Grown(
        rows=rows,
        tables_gb=tables,
        indexes_gb=indexes,
        rounds=reads,
        purged_a_second=purged,
    )


def judge(found: Grown) -> Result:
    """P7. Each page is a measure of its own, the slowest is judged."""
    rounds = found.rounds
    slowest = [max(each.lists.values()) for each in rounds]
    return Result(
        target="P7",
        criteria=[
            Criterion(
                measure=Measure(
                    name=f"lease + oldest unsent, p99, {found.rows:,} rows",
                    unit="ms",
                    rounds=[percentile(each.leases, 99) for each in rounds],
                ),
                bound=LEASE_MS,
                label="lease p99",
            ),
            Criterion(
                measure=Measure(name="slowest list page", unit="ms", rounds=slowest),
                bound=PAGE_MS,
                label="page",
            ),
        ],
        measures=[
            *(
                Measure(name=name, unit="ms", rounds=[e.lists[name] for e in rounds])
                for name in rounds[0].lists
            ),
            Measure(
                name="API /webhooks/7/logs, counted",
                unit="ms",
                rounds=[each.logs for each in rounds],
            ),
            Measure(name="tables", unit="GB", rounds=[found.tables_gb]),
            Measure(name="indexes", unit="GB", rounds=[found.indexes_gb]),
            Measure(
                name="old attempts purged",
                unit="rows/s",
                rounds=[found.purged_a_second],
            ),
        ],
    )
