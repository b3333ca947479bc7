"""P11: 10,000 deliveries of one webhook recovered beside 200 live ones a second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from benchmarks.bench import STUCK_SECONDS, WEBHOOKS, Bench
from benchmarks.dead import later
from benchmarks.latency import RATE
from benchmarks.live import RATE_SHARE, Live, live
from benchmarks.processes import BenchmarkError, Child
from benchmarks.targets import Criterion, Measure, Result

# Beside those of the live load.
WEBHOOK: Final = WEBHOOKS + 1
# Requests a second: more than the live load, five times a replay's default, half of the
# most that one may be given.
REPLAY_RATE: Final = 250
POLL_SECONDS: Final = 0.1
_REPORT: Final = """
SELECT state, total, delivered,
    extract(epoch FROM coalesce(ended_at, clock_timestamp()) - created_at)::float8
FROM webhooks_replay
"""
# Of the recovered webhook: its health, and the counters of its cutoff.
_TOUCHED: Final = f"""
SELECT coalesce((SELECT sum(attempts) FROM webhooks_healthbucket
                 WHERE webhook_id = {WEBHOOK}), 0)
     + (SELECT consecutive_failures - 10 + timeouts FROM webhooks_lease
        WHERE webhook_id = {WEBHOOK})
"""


class Recovered(NamedTuple):
    """A replay's report, and how often live counters know of it."""

    total: int
    delivered: int
    seconds: float
    touched: int


class Round(NamedTuple):
    """Live traffic alone, then beside a recovery."""

    alone: Live
    beside: Live
    recovered: Recovered


class Recovery:
    """What is recovered beside a live load."""

    def __init__(self, rows: int) -> None:
        self.backlog: list[object] = ["--failed-rows", rows]
        self.child: Child | None = None
        self.recovered: Recovered | None = None

    @contextmanager
    def ready(self, bench: Bench) -> Iterator[None]:
        """A process that has only to be told; at the end, what came of it."""
        module = "benchmarks.recoverer"
        self.child = bench.children.ready("recoverer", module, WEBHOOK, REPLAY_RATE)
        yield
        self.recovered = _ended(bench)
        bench.children.stop(self.child)

    def begin(self) -> None:
        """Tell it."""
        assert self.child is not None
        self.child.tell("begin")


def round_of(bench: Bench, rows: int) -> Round:
    """For as long as recovering so many takes."""
    seconds = rows // REPLAY_RATE
    alone = live(bench, rate=RATE, seconds=seconds)
    recovery = Recovery(rows)
    beside = live(bench, rate=RATE, seconds=seconds, beside=recovery)
    assert recovery.recovered is not None
    return Round(alone, beside, recovery.recovered)


def judge(rounds: Sequence[Round]) -> Result:
    """P11: live traffic hardly later, everything recovered, nothing else touched."""
    criterion, measures = later(
        [each.alone for each in rounds], [each.beside for each in rounds], "recovery"
    )
    found = [each.recovered for each in rounds]
    lived = [len(each.beside.events) / each.beside.seconds for each in rounds]
    return Result(
        target="P11",
        criteria=[
            criterion,
            _none("not recovered", [each.total - each.delivered for each in found]),
            _none("twice", [each.beside.duplicates for each in rounds]),
            _none("live counters touched", [each.touched for each in found]),
            Criterion(
                measure=Measure(name="live rate", unit="events/s", rounds=lived),
                bound=RATE_SHARE * RATE,
                at_least=True,
                label="live rate",
                tacit=True,
            ),
        ],
        measures=[
            *measures,
            Measure(
                name="recovered",
                unit="deliveries/s",
                rounds=[each.delivered / each.seconds for each in found],
            ),
            _cost("CPU of a live delivery alone", [each.alone for each in rounds]),
            _cost("CPU of any delivery beside", [each.beside for each in rounds]),
        ],
    )


def _none(name: str, counts: Sequence[int]) -> Criterion:
    measure = Measure(name=name, unit="", rounds=[float(each) for each in counts])
    return Criterion(measure=measure, bound=0, label=name, tacit=True)


def _cost(name: str, rounds: Sequence[Live]) -> Measure:
    return Measure(name=name, unit="µs", rounds=[each.cost() for each in rounds])


def _ended(bench: Bench) -> Recovered:
    """Wait for the replay's end."""
    end = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < end:
        ((state, total, delivered, seconds),) = bench.rows(_REPORT)
        if state == "done":
            ((touched,),) = bench.rows(_TOUCHED)
            return Recovered(total, delivered, seconds, int(touched))
        time.sleep(POLL_SECONDS)
    raise BenchmarkError(f"The replay does not end: {delivered} of {total} so far.")
