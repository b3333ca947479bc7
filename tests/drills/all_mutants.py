"""All mutants, by name."""

from __future__ import annotations

from typing import Final

from tests.drills import guard_mutants, model_mutants, mutants
from tests.drills.mutants import Mutant

MUTANTS: Final[dict[str, Mutant]] = {
    **mutants.MUTANTS,
    **model_mutants.MUTANTS,
    **guard_mutants.MUTANTS,
}
