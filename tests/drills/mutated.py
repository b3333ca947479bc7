"""A pytest plugin, `-p tests.drills.mutated`: tests against a mutant, counted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.drills.all_mutants import MUTANTS


def pytest_sessionstart() -> None:
    """Before any test is read, so that what tests import is the mutant's."""
    name = os.environ.get("DRILL_MUTANT", "")
    if name:
        MUTANTS[name].apply()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the numbers where the drill looks for them."""
    numbers = {"tests": session.testscollected, "failed": session.testsfailed}
    Path(os.environ["DRILL_RESULT"]).write_text(json.dumps(numbers))
