"""`python -m benchmarks [--only P1,P2] [--full | --quick]`: measure, judge, tell."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks import report
from benchmarks.bench import Bench, bench
from benchmarks.ceiling import ceiling
from benchmarks.cpu import Others
from benchmarks.plan import FULL, QUICK, SHORTER, Plan
from benchmarks.processes import BenchmarkError
from benchmarks.session import TARGETS, Session
from benchmarks.targets import Result
from webhooks_project.embedded import ServiceError
from webhooks_project.embedded.launcher import ENDING, end, ignore_signals

# P11 and P12 are other parts' own bounds, and measured when they are asked for.
TEN: Final = 10


def main() -> int:
    """0 only if every target that was asked for is met."""
    options = _options()
    plan = QUICK if options.quick else FULL if options.full else SHORTER
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
    """The targets in turn, each told as soon as it is known."""
    session = Session(bench, plan, loop_us, compared="P1" in targets)
    results: list[Result] = []
    for target, measure in TARGETS.items():
        if target in targets:
            results.append(measure(session))
            print(results[-1].line, flush=True)
    return results


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", type=_targets, default="", help="P1,P2,P9; empty: the first ten"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="the targets' own numbers")
    size.add_argument("--quick", action="store_true", help="a look, in one round")
    return parser.parse_args()


def _targets(text: str) -> list[str]:
    chosen = [each.strip().upper() for each in text.split(",") if each.strip()]
    for each in chosen:
        if each not in TARGETS:
            raise argparse.ArgumentTypeError(
                f"there is no {each}; there are {', '.join(TARGETS)}"
            )
    return chosen or list(TARGETS)[:TEN]


if __name__ == "__main__":
    sys.exit(main())
