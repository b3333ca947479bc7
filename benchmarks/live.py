"""Live load: emitters on a timetable, while the service delivers."""

from __future__ import annotations

import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from apps.webhooks.demo.processes import kill_group
from benchmarks.bench import WEBHOOKS, Bench, Web
from benchmarks.compiler import compiled
from benchmarks.cpu import cpu_seconds, used
from benchmarks.processes import BenchmarkError, Child
from benchmarks.targets import Criterion, Measure

EMITTERS: Final = 4
POSTER: Final = Path(__file__).with_name("poster.c")
# Emitted and delivered like the rest, but not counted: connections open, lanes lease.
WARM_UP_SECONDS: Final = 2
# Besides, the other processes of the web still load the project.
HTTP_WARM_UP_SECONDS: Final = 5
DEAD_ROWS: Final = 100
EMISSION: Final = "PostgreSQL, emission"
RATE_SHARE: Final = 0.95
SECOND: Final = 1_000_000_000
_START_NS: Final = SECOND // 4


class Event(NamedTuple):
    """Instants in monotonic nanoseconds."""

    scheduled: int
    began: int
    committed: int
    received: int

    @property
    def latency_ms(self) -> float:
        """From the commit to the receipt; what the emitter was late comes on top.

        In an open loop the next event does not wait for a slow one, so an emitter
        that was kept from its timetable would otherwise hide what kept it.
        """
        late = max(0, self.began - self.scheduled)
        return (self.received - self.committed + late) / 1e6

    @property
    def plain_ms(self) -> float:
        """From the commit to the receipt."""
        return (self.received - self.committed) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What came of a live load: its events, the CPU seconds used meanwhile."""

    events: list[Event]
    seconds: float
    deliveries: int
    cpu: Mapping[str, float]
    duplicates: int

    @property
    def rate(self) -> float:
        """Deliveries per second."""
        return self.deliveries / self.seconds

    def cost(self, *names: str) -> float:
        """CPU microseconds per delivery, of all or of some."""
        chosen = names or tuple(self.cpu)
        return sum(self.cpu[name] for name in chosen) / self.deliveries * 1e6


class Beside(Protocol):
    """What goes on beside a live load: options of its backlog, and what begins it."""

    backlog: list[object]

    def ready(self, bench: Bench) -> AbstractContextManager[None]:
        """Have everything there, and take it away."""

    def begin(self) -> None:
        """Begin, as the load is first counted."""


def keeps_up(rounds: Sequence[Live], rate: int) -> Criterion:
    """Emitters that could not follow their timetable measured another load."""
    rates = [each.rate for each in rounds]
    return Criterion(
        measure=Measure(name="live rate", unit="deliveries/s", rounds=rates),
        bound=RATE_SHARE * rate,
        at_least=True,
        label="live rate",
        tacit=True,
    )


def live(
    bench: Bench,
    *,
    rate: int,
    seconds: int,
    dead: int = 0,
    by_http: bool = False,
    beside: Beside | None = None,
) -> Live:
    """`rate` events per second, each to one of 100 webhooks, for so many seconds.

    `dead` webhooks besides, each with a backlog, never answer. Events are emitted in
    Python, or `by_http`. Something else may go on `beside`.
    """
    bench.begin()
    others = ["--dead", dead, "--dead-rows", DEAD_ROWS] if dead else []
    others += beside.backlog if beside else []
    with ExitStack() as stack:
        pids = stack.enter_context(bench.workers())
        bench.commit(bench.emitted(0, *bench.registered(), "--users", *others))
        if beside:
            stack.enter_context(beside.ready(bench))
        warm_up = HTTP_WARM_UP_SECONDS if by_http else WARM_UP_SECONDS
        total = rate * (warm_up + seconds)
        roots = {"workers": pids, **bench.servers()}
        if by_http:
            web = stack.enter_context(bench.web())
            roots["web"] = [web.child.pid]
            emitters = [_poster(bench, web, rate, total)]
        else:
            emitters = _emitters(bench, rate, total)
        backends = [int(emitter.hear()) for emitter in emitters]
        start = time.monotonic_ns() + _START_NS
        for emitter in emitters:
            emitter.tell(start)
        window = (start + warm_up * SECOND, seconds * SECOND)
        if beside:
            _sleep_until(window[0])
            beside.begin()
        roots[EMISSION] = [backend for backend in backends if backend]
        cpu, deliveries = _watch(bench, roots, *window)
        bench.wait_for(sum(int(emitter.hear()) for emitter in emitters))
        bench.children.stop(*emitters)
        if dead:
            # They would wait until what hangs has timed out.
            for pid in pids:
                kill_group(pid)
    everything = _events(bench, len(emitters))
    events = [event for event in everything if event.scheduled >= window[0]]
    receiver = bench.receiver
    return Live(
        events=events,
        seconds=seconds,
        deliveries=deliveries,
        cpu=cpu,
        duplicates=receiver.duplicates + receiver.faults,
    )


def _emitters(bench: Bench, rate: int, events: int) -> list[Child]:
    return [
        bench.children.ours(
            f"emitter {share}",
            "benchmarks.emitter",
            *("--share", share, "--of", EMITTERS, "--events", events),
            *("--rate", rate, "--webhooks", WEBHOOKS),
            *("--file", _records(bench, share)),
        )
        for share in range(EMITTERS)
    ]


def _poster(bench: Bench, web: Web, rate: int, events: int) -> Child:
    return bench.children.ours(
        "poster",
        "benchmarks.poster",
        *("--program", compiled(POSTER, bench.scratch)),
        *("--events", events, "--rate", rate, "--webhooks", WEBHOOKS),
        *("--file", _records(bench, 0), "--url", web.url, "--token", web.token),
    )


def _records(bench: Bench, share: int) -> Path:
    return bench.scratch / f"emitted-{share}"


def _watch(
    bench: Bench, roots: Mapping[str, Sequence[int]], begin: int, length: int
) -> tuple[dict[str, float], int]:
    """CPU used and requests received from one instant, for so many nanoseconds."""
    _sleep_until(begin)
    before, requests = cpu_seconds(roots), bench.receiver.accepted
    _sleep_until(begin + length)
    received = bench.receiver.accepted - requests
    cpu = used(before, cpu_seconds(roots))
    # The emitters' backends are told apart, though both count.
    cpu["PostgreSQL"] -= cpu[EMISSION]
    return cpu, received


def _sleep_until(instant: int) -> None:
    time.sleep(max(0, instant - time.monotonic_ns()) / SECOND)


def _events(bench: Bench, shares: int) -> list[Event]:
    """What the emitters wrote down, with what the receiver did."""
    data_of = dict(bench.rows("SELECT event_id, id FROM webhooks_webhookdata"))
    events = []
    for share in range(shares):
        numbers = array("Q", _records(bench, share).read_bytes())
        ids = [data_of[event] for event in numbers[3::4]]
        received = bench.receiver.receipts(ids)
        if 0 in received:
            raise BenchmarkError("A delivery was recorded that never arrived.")
        timetable = (numbers[0::4], numbers[1::4], numbers[2::4], received)
        events += [Event(*instants) for instants in zip(*timetable, strict=True)]
    return events
