"""P1: a backlog drained by bankhooks, by the naive design, and by a bare loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.bench import PUMPS, WEBHOOKS, Bench
from benchmarks.cpu import cpu_seconds, used
from benchmarks.targets import Criterion, Measure, Result

# Events before the clock starts: connections are open then, modules imported.
WARM_UP_EVENTS = 20
NAIVE_WARM_UP_EVENTS = 1
NAIVE_PROCESSES = 4
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """One backlog: how many, how long, at what CPU by who used it, in seconds."""

    deliveries: int
    seconds: float
    cpu: Mapping[str, float]
    duplicates: int

    @property
    def rate(self) -> float:
        """Durable deliveries per second."""
        return self.deliveries / self.seconds

    def cost(self, *names: str) -> float:
        """CPU microseconds per delivery, of all or of some."""
        chosen = names or tuple(self.cpu)
        return sum(self.cpu[name] for name in chosen) / self.deliveries * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainRound:
    """The three designs, one right after the other."""

    bankhooks: Drain
    naive: Drain | None
    bare: Drain | None


def drain_round(
    bench: Bench, deliveries: int, naive: int, *, compared: bool
) -> DrainRound:
    """One round; the others than bankhooks only if `compared`."""
    return DrainRound(
        bankhooks=drain_bankhooks(bench, deliveries),
        naive=drain_naive(bench, naive) if compared else None,
        bare=drain_bare(bench, deliveries) if compared else None,
    )


def drain_bankhooks(bench: Bench, deliveries: int) -> Drain:
    """From the commit until nothing is pending, with two pump processes."""
    bench.begin()
    with bench.workers() as pids, _clock(bench, pids) as clock:
        bench.commit(bench.emitted(WARM_UP_EVENTS, *bench.registered()))
        before = WARM_UP_EVENTS * WEBHOOKS
        bench.wait_for(before)
        backlog = bench.emitted(deliveries // WEBHOOKS)
        clock.start(before)
        committed = bench.commit(backlog)
        end = bench.wait_for(before + deliveries)
        return clock.stop(deliveries, end - committed)


def drain_naive(bench: Bench, deliveries: int) -> Drain:
    """From the first requests until nothing is pending; publishing is not counted."""
    bench.begin()
    events = deliveries // WEBHOOKS + NAIVE_WARM_UP_EVENTS
    bench.commit(bench.emitted(events, *bench.registered()))
    bench.children.stop(bench.children.ready("publisher", "benchmarks.publish"))
    worker = bench.children.worker(
        "naive", "benchmarks.naive_app", "naive", "-c", NAIVE_PROCESSES
    )
    with _clock(bench, [worker.pid]) as clock:
        began = bench.wait_for(NAIVE_WARM_UP_EVENTS * WEBHOOKS, durable=False)
        done = bench.receiver.requests
        clock.start(done)
        end = bench.wait_for(events * WEBHOOKS)
        result = clock.stop(events * WEBHOOKS - done, end - began)
    bench.children.stop(worker)
    return result


def drain_bare(bench: Bench, deliveries: int) -> Drain:
    """From the word until the last loop has settled its last group."""
    bench.begin()
    bench.commit(bench.emitted(deliveries // WEBHOOKS, *bench.registered()))
    loops = [
        bench.children.ready(
            f"bare loop {share}", "benchmarks.bare", "--share", share, "--of", PUMPS
        )
        for share in range(PUMPS)
    ]
    with _clock(bench, [loop.pid for loop in loops]) as clock:
        clock.start(0)
        began = time.monotonic_ns()
        for loop in loops:
            loop.tell("go")
        end = max(int(loop.hear()) for loop in loops)
        result = clock.stop(deliveries, end - began)
    bench.children.stop(*loops)
    return result


@dataclass(slots=True)
class _Clock:
    """CPU and duplicates between `start` and `stop`."""

    read: Callable[[], Mapping[str, float]]
    bench: Bench
    before: Mapping[str, float]
    requests: int = 0

    def start(self, requests: int) -> None:
        """From here on; so many requests came before."""
        self.requests = requests
        self.before = self.read()

    def stop(self, deliveries: int, nanoseconds: int) -> Drain:
        """Until here."""
        cpu = used(self.before, self.read())
        receiver = self.bench.receiver
        return Drain(
            deliveries=deliveries,
            seconds=nanoseconds / 1e9,
            cpu=cpu,
            duplicates=receiver.duplicates + receiver.faults,
        )


@contextmanager
def _clock(bench: Bench, workers: list[int]) -> Iterator[_Clock]:
    roots = {"workers": workers, **bench.servers()}
    yield _Clock(lambda: cpu_seconds(roots), bench, {})


def judge(rounds: list[DrainRound]) -> Result:
    """P1, by the medians of the ratios within each round."""
    naive = [each.naive for each in rounds if each.naive]
    bare = [each.bare for each in rounds if each.bare]
    own = [each.bankhooks for each in rounds]
    to_naive = [a.rate / b.rate for a, b in zip(own, naive, strict=True)]
    to_bare = [a.rate / b.rate for a, b in zip(own, bare, strict=True)]
    doubled = [float(each.duplicates) for each in own]
    return Result(
        target="P1",
        criteria=[
            Criterion(
                measure=Measure(name="to naive", unit="times", rounds=to_naive),
                bound=40,
                at_least=True,
            ),
            Criterion(
                measure=Measure(name="to bare", unit="times", rounds=to_bare),
                bound=0.5,
                at_least=True,
                label="bare",
            ),
            Criterion(
                measure=Measure(name="duplicates", unit="", rounds=doubled),
                bound=0,
                label="duplicates",
                tacit=True,
            ),
        ],
        measures=[
            *_described("bankhooks", own),
            *_described("naive", naive),
            *_described("bare", bare),
        ],
    )


def _described(name: str, drains: list[Drain]) -> list[Measure]:
    rates = [each.rate for each in drains]
    costs = [each.cost() for each in drains]
    return [
        Measure(name=name, unit="deliveries/s", rounds=rates),
        Measure(name=f"{name}, CPU", unit="µs/delivery", rounds=costs),
    ]
