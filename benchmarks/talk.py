"""How the children talk to the benchmark: lines of JSON."""

from __future__ import annotations

import json
import sys
from typing import Any


def say(word: object) -> None:
    """A line for the benchmark."""
    print(json.dumps(word), flush=True)


def hear() -> Any:
    """What the benchmark says; ends the child if it is gone."""
    line = sys.stdin.readline()
    if not line:
        raise SystemExit("The benchmark is gone.")
    return json.loads(line)
