"""Mutants that the model of D-20 finds, whose rules no other drill looks at."""

from __future__ import annotations

from typing import Final

from tests.drills.mutants import Mutant, without

MUTANTS: Final[dict[str, Mutant]] = {
    "leases-have-no-owner": Mutant(
        removes="A lease that has not ended is left to its holder.",
        places={
            "apps.webhooks.engine.leases.ACQUIRE": without(
                "(l.leased_until IS NULL OR l.leased_until <= now.instant)", "true"
            )
        },
    ),
}
