"""P12: retention removes a year of deliveries beside 200 live ones a second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from benchmarks.bench import STUCK_SECONDS, Bench
from benchmarks.dead import later
from benchmarks.grown_world import load
from benchmarks.latency import RATE
from benchmarks.live import Live, keeps_up, live
from benchmarks.processes import BenchmarkError, Child
from benchmarks.targets import Criterion, Measure, Result

# Older than all that is kept for its age; none of it has been purged yet.
ENDED_DAYS: Final = 400
BODIES_DAYS: Final = 10_000
POLL_SECONDS: Final = 0.1
_EVENT: Final = "SELECT DISTINCT event FROM webhooks_webhook"
_LEFT: Final = """
SELECT (SELECT count(*) FROM event_log_event
        WHERE created_at < now() - interval '1 day')
     + (SELECT count(*) FROM webhooks_webhookdata
        WHERE created_at < now() - interval '1 day')
"""
# All kinds, each once; what was removed a second while passes went on.
_PASSES: Final = """
SELECT count(*) FILTER (WHERE ended_at IS NULL), count(*),
    coalesce(sum(removed), 0)::int,
    extract(epoch FROM max(ended_at) - min(began_at))::float8
FROM webhooks_purgepass
"""
KINDS: Final = 5


class Purged(NamedTuple):
    """What one pass over everything removed, and what is left of it."""

    removed: int
    seconds: float
    left: int


class Round(NamedTuple):
    """Live traffic alone, then beside retention."""

    alone: Live
    beside: Live
    purged: Purged


class Purging:
    """Retention beside a live load."""

    def __init__(self, rows: int) -> None:
        self.backlog: list[object] = []
        self.purged: Purged | None = None
        self._rows = rows
        self._child: Child | None = None

    @contextmanager
    def ready(self, bench: Bench) -> Iterator[None]:
        """Old rows, and a process that has only to be told."""
        ((event,),) = bench.rows(_EVENT)
        load(bench, event, self._rows, ended=ENDED_DAYS, bodies=BODIES_DAYS)
        with bench.database.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")
        self._child = bench.children.ready("purger", "benchmarks.purger")
        yield
        self.purged = _ended(bench)
        bench.children.stop(self._child)

    def begin(self) -> None:
        """Tell it."""
        assert self._child is not None
        self._child.tell("begin")


def round_of(bench: Bench, rows: int, seconds: int) -> Round:
    """So many seconds of each."""
    alone = live(bench, rate=RATE, seconds=seconds)
    purging = Purging(rows)
    beside = live(bench, rate=RATE, seconds=seconds, beside=purging)
    assert purging.purged is not None
    return Round(alone, beside, purging.purged)


def judge(rounds: Sequence[Round]) -> Result:
    """P12: live traffic hardly later, and everything old gone."""
    criterion, measures = later(
        [each.alone for each in rounds], [each.beside for each in rounds], "retention"
    )
    left = [float(each.purged.left) for each in rounds]
    return Result(
        target="P12",
        criteria=[
            criterion,
            keeps_up([each.beside for each in rounds], RATE),
            Criterion(
                measure=Measure(name="not removed", unit="rows", rounds=left),
                bound=0,
                label="not removed",
                tacit=True,
            ),
        ],
        measures=[
            *measures,
            Measure(
                name="removed",
                unit="rows/s",
                rounds=[each.purged.removed / each.purged.seconds for each in rounds],
            ),
            Measure(
                name="for",
                unit="s",
                rounds=[each.purged.seconds for each in rounds],
            ),
        ],
    )


def _ended(bench: Bench) -> Purged:
    """Wait for the end of all passes."""
    seen, since = -1, time.monotonic()
    while time.monotonic() < since + STUCK_SECONDS:
        ((going_on, kinds, removed, seconds),) = bench.rows(_PASSES)
        if kinds == KINDS and not going_on:
            return Purged(removed, seconds, int(bench.rows(_LEFT)[0][0]))
        if removed != seen:
            seen, since = removed, time.monotonic()
        time.sleep(POLL_SECONDS)
    raise BenchmarkError(f"Retention does not go on: {seen} rows so far.")
