"""`python -m tests.drills [--only D-01,D-04] [--long] [--mutants]`: run drills."""

from __future__ import annotations

import argparse
import signal
import sys

from benchmarks.processes import BenchmarkError
from tests.drills.catalogue import DRILLS
from tests.drills.drill import Drill
from tests.drills.runner import drills, mutants
from webhooks_project.embedded import ServiceError
from webhooks_project.embedded.launcher import ENDING, end


def main() -> int:
    """0 only if every drill that was asked for holds, or every mutant is caught."""
    options = _options()
    for number in ENDING:
        signal.signal(number, end)
    try:
        if options.mutants:
            return 0 if mutants(options.only) else 1
        return 0 if drills(options.only, long=options.long) else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (BenchmarkError, ServiceError) as error:
        print(error, file=sys.stderr)
        return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "--only", type=_chosen, default="", help="D-01,D-04; empty: all of them"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--long", action="store_true", help="the full numbers")
    how.add_argument("--mutants", action="store_true", help="each with a guard removed")
    return parser.parse_args()


def _chosen(text: str) -> list[Drill]:
    names = [each.strip().upper() for each in text.split(",") if each.strip()]
    for name in names:
        if name not in DRILLS:
            raise argparse.ArgumentTypeError(
                f"there is no {name}; there are {', '.join(DRILLS)}"
            )
    return [DRILLS[name] for name in names] or list(DRILLS.values())


if __name__ == "__main__":
    sys.exit(main())
