"""Puts into the database what the mutant of this process has changed there."""

from __future__ import annotations

import os

from tests.drills.all_mutants import MUTANTS

if __name__ == "__main__":
    MUTANTS[os.environ["DRILL_MUTANT"]].install()
