"""Drills that are tests: what `make test` proves anyway, and that it would fail.

A drill must fail without the guard that it drills. So these run the tests of a guard as
they are, in a process of their own, and against a mutant.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Final

from tests.drills.drill import Drill, Number, Size
from tests.drills.world import World

_PYTEST: Final = ("-m", "pytest", "-q", "-n", "0", "-p", "tests.drills.mutated")
_SECONDS: Final = 150.0


def tested(number: str, title: str, passes: str, mutant: str, *tests: str) -> Drill:
    """A drill of tests, named below `tests/` as pytest has it."""

    def run(world: World, size: Size) -> Sequence[Number]:
        found = _pytest(world, [f"tests/{test}" for test in tests])
        return [
            Number("failed", found["failed"]),
            Number("tests", found["tests"], least=len(tests), most=math.inf),
        ]

    return Drill(
        id=number,
        title=title,
        passes=passes,
        short=Size(),
        long=Size(),
        mutants=[mutant],
        run=run,
    )


def _pytest(world: World, tests: Sequence[str]) -> dict[str, int]:
    """As anybody runs them, with none of the drills' settings but their servers."""
    result = world.folder / "result.json"
    given = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", ""),
        "DATABASE_URL": world.database_url,
        "REDIS_URL": world.services.redis_url,
        "DRILL_MUTANT": world.children.environment["DRILL_MUTANT"],
        "DRILL_RESULT": str(result),
    }
    settings = [f"{name}={value}" for name, value in given.items()]
    command = ["env", "-i", *settings, sys.executable, *_PYTEST, *tests]
    child = world.children.start("tests", command, talks=False)
    child.popen.wait(_SECONDS)
    if not result.exists():
        child.check()
    numbers: dict[str, int] = json.loads(result.read_text())
    return numbers
