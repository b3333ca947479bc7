"""Which target is measured how; what one measures another may use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from benchmarks import (
    bulk,
    cost,
    dead,
    drain,
    flusher,
    grown,
    ingest,
    latency,
    many,
    memory,
    purging,
    recovery,
)
from benchmarks.bench import Bench
from benchmarks.drain import DrainRound, drain_round
from benchmarks.live import Live, live
from benchmarks.plan import Plan
from benchmarks.targets import Result


class Session:
    """One run: `loop_us` is what a bare request costs on this machine.

    `compared`: the drains are to be followed by those of the other designs.
    """

    def __init__(
        self, bench: Bench, plan: Plan, loop_us: float, *, compared: bool
    ) -> None:
        self.bench = bench
        self.plan = plan
        self.loop_us = loop_us
        self._compared = compared

    @property
    def rounds(self) -> range:
        """One for each time that everything is measured."""
        return range(self.plan.rounds)

    @cached_property
    def drains(self) -> list[DrainRound]:
        """Backlogs drained: P1, and the cost in P9."""
        plan = self.plan
        return [
            drain_round(self.bench, plan.drain, plan.naive, compared=self._compared)
            for _ in self.rounds
        ]

    @cached_property
    def healthy(self) -> list[Live]:
        """Live loads with nothing beside: P2, and what P5 compares with."""
        return self.live(latency.RATE, self.plan.latency_seconds)

    def live(
        self, rate: int, seconds: int, *, dead: int = 0, by_http: bool = False
    ) -> list[Live]:
        """Live loads."""
        return [
            live(self.bench, rate=rate, seconds=seconds, dead=dead, by_http=by_http)
            for _ in self.rounds
        ]


def _p2(session: Session) -> Result:
    return latency.judge(session.healthy)


def _p3(session: Session) -> Result:
    seconds = session.plan.ingest_seconds
    return ingest.judge(session.live(ingest.RATE, seconds, by_http=True))


def _p4(session: Session) -> Result:
    rows = session.plan.bulk
    return bulk.judge([bulk.bulk(session.bench, rows) for _ in session.rounds])


def _p5(session: Session) -> Result:
    seconds = session.plan.dead_seconds
    as_long = seconds == session.plan.latency_seconds
    alone = session.healthy if as_long else session.live(latency.RATE, seconds)
    return dead.judge(alone, session.live(latency.RATE, seconds, dead=dead.DEAD))


def _p6(session: Session) -> Result:
    unsent = session.plan.unsent
    return flusher.judge(
        [
            {
                each: flusher.flush(session.bench, unsent, each)
                for each in flusher.CUTOFFS
            }
            for _ in session.rounds
        ]
    )


def _p7(session: Session) -> Result:
    plan = session.plan
    return grown.judge(grown.grown(session.bench, plan.delivered, plan.rounds))


def _p8(session: Session) -> Result:
    bench = session.bench
    return memory.judge(
        [(memory.many(bench), memory.large(bench)) for _ in session.rounds]
    )


def _p9(session: Session) -> Result:
    own = [each.bankhooks for each in session.drains]
    live_rounds = session.live(cost.RATE, session.plan.live_seconds)
    return cost.judge(own, live_rounds, session.loop_us)


def _p10(session: Session) -> Result:
    bench, plan = session.bench, session.plan
    return many.judge(
        [many.drain(bench, 1, plan.one_webhook) for _ in session.rounds],
        [many.drain(bench, plan.many_webhooks, many.ROWS_EACH) for _ in session.rounds],
    )


def _p11(session: Session) -> Result:
    return recovery.judge(
        [
            recovery.round_of(session.bench, session.plan.recovered)
            for _ in session.rounds
        ]
    )


def _p12(session: Session) -> Result:
    plan = session.plan
    return purging.judge(
        [
            purging.round_of(session.bench, plan.purged, plan.dead_seconds)
            for _ in session.rounds
        ]
    )


TARGETS: Final[dict[str, Callable[[Session], Result]]] = {
    "P1": lambda session: drain.judge(session.drains),
    "P2": _p2,
    "P3": _p3,
    "P4": _p4,
    "P5": _p5,
    "P6": _p6,
    "P7": _p7,
    "P8": _p8,
    "P9": _p9,
    "P10": _p10,
    "P11": _p11,
    "P12": _p12,
}
