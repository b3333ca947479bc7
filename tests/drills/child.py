"""`python -m tests.drills.child MODULE ...`: a process of a drill.

Every process of the service starts through here, with Django ready and, if the drill
is run against a mutant, with one guard removed. The variable that names the mutant is
read here and nowhere else.
"""

from __future__ import annotations

import os
import runpy
import sys

import django

from tests.drills import poison
from tests.drills.all_mutants import MUTANTS


def main() -> None:
    """Become the module."""
    del sys.argv[0]
    django.setup()
    name = os.environ.get("DRILL_MUTANT", "")
    if name:
        MUTANTS[name].apply()
    book = os.environ.get("DRILL_POISON", "")
    if book:
        poison.apply(book)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
