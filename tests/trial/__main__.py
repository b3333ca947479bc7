"""`python -m tests.trial [--full] [--write FILE]`: status 0 only if all held."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.trial.programs import Programs, TrialFailed
from tests.trial.servers import folder_for_all
from tests.trial.story import Trial
from tests.trial.transcript import write


def main() -> int:
    """Run the trial; everything is gone in the end, its folder too."""
    parser = argparse.ArgumentParser(prog="make trial")
    parser.add_argument("--full", action="store_true", help="alerts wait as shipped")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the transcript")
    options = parser.parse_args()
    lines: list[str] = []
    began = time.monotonic()

    def say(line: str) -> None:
        stamped = f"{time.monotonic() - began:6.1f}  {line}"
        lines.append(stamped.rstrip())
        sys.stdout.write(f"{stamped}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="bankhooks-trial-") as name:
        folder_for_all(Path(name))
        try:
            with Programs(Path(name)) as programs:
                Trial(programs, say, full=options.full).run()
        except TrialFailed as error:
            say(f"FAILED: {error}")
            return 1
    if options.write is not None:
        write(options.write, lines, full=options.full)
    return 0


if __name__ == "__main__":
    sys.exit(main())
