"""`python -m benchmarks [--only P1,P2] [--quick]`: measure, judge, tell."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks import cost, drain, latency, report
from benchmarks.bench import Bench, bench
from benchmarks.ceiling import ceiling
from benchmarks.cpu import Others
from benchmarks.drain import DrainRound, drain_round
from benchmarks.live import Live, live
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.processes import BenchmarkError
from benchmarks.targets import Result
from webhooks_project.embedded import ServiceError
from webhooks_project.embedded.launcher import ENDING, end, ignore_signals

TARGETS: Final = ("P1", "P2", "P9")


def main() -> int:
    """0 only if every target that was asked for is met."""
    options = _options()
    plan = QUICK if options.quick else FULL
    for number in ENDING:
        signal.signal(number, end)
    try:
        with ExitStack() as stack:
            place = stack.enter_context(bench())
            # Called first at the end: a second Ctrl-C would leave some running.
            stack.callback(ignore_signals)
            results = _run(place, plan, options.only)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (BenchmarkError, ServiceError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(result.met for result in results) else 1


def _run(bench: Bench, plan: Plan, targets: Sequence[str]) -> list[Result]:
    top = ceiling(bench, plan.ceiling)
    print(top, flush=True)
    facts = report.facts(bench, top)
    others = Others()
    results = _measure(bench, plan, targets, top.loop_us)
    facts["machine"]["cores_used_by_others"] = others.cores()
    report.show(results)
    print(f"other processes used {others.cores():.2f} cores meanwhile")
    print(f"written to {report.write(facts, plan, results)}")
    return results


def _measure(
    bench: Bench, plan: Plan, targets: Sequence[str], loop_us: float
) -> list[Result]:
    """The targets in turn; P1's drain serves P9 too."""
    results: list[Result] = []
    drains: list[DrainRound] = []
    if {"P1", "P9"} & set(targets):
        drains = [
            drain_round(bench, plan.drain, plan.naive, compared="P1" in targets)
            for _ in range(plan.rounds)
        ]
    if "P1" in targets:
        _tell(results, drain.judge(drains))
    if "P2" in targets:
        rounds = _live(bench, plan, latency.RATE, plan.latency_seconds)
        _tell(results, latency.judge(rounds))
    if "P9" in targets:
        rounds = _live(bench, plan, cost.RATE, plan.live_seconds)
        own = [each.bankhooks for each in drains]
        _tell(results, cost.judge(own, rounds, loop_us))
    return results


def _live(bench: Bench, plan: Plan, rate: int, seconds: int) -> list[Live]:
    return [live(bench, rate=rate, seconds=seconds) for _ in range(plan.rounds)]


def _tell(results: list[Result], result: Result) -> None:
    print(result.line, flush=True)
    results.append(result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", type=_targets, default="", help="P1,P2,P9; empty: all of them"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a shorter look, in one round"
    )
    return parser.parse_args()


def _targets(text: str) -> list[str]:
    chosen = [each.strip().upper() for each in text.split(",") if each.strip()]
    for each in chosen:
        if each not in TARGETS:
            raise argparse.ArgumentTypeError(
                f"there is no {each}; there are {', '.join(TARGETS)}"
            )
    return chosen or list(TARGETS)


if __name__ == "__main__":
    sys.exit(main())
