"""All drills, by number: a module named like `d04_broker` has one, and is found."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.drills.drill import Drill
from tests.drills.guards import GUARDS

_NAMES: Final = sorted(
    path.stem
    for path in Path(__file__).parent.glob("d*.py")
    if re.match(r"d\d\d_", path.name)
)
_OWN: Final[list[Drill]] = [
    import_module(f"tests.drills.{name}").DRILL for name in _NAMES
]
DRILLS: Final[dict[str, Drill]] = {
    drill.id: drill for drill in sorted([*_OWN, *GUARDS], key=lambda each: each.id)
}
