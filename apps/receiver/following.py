"""Which rows of a list that grows are new: pure.

Ids are given before they can be read, so that a lower one may appear after a higher
one, as late as a transaction lasts; and what is held for a temporary user is due later.
The position therefore stays behind both, and what was seen beyond it is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from apps.receiver.service import Row

# Longer than a transaction that emits should last.
UNSETTLED: Final = timedelta(seconds=60)
HELD: Final = "held"
_DUE: Final = ("pending", "delivered")


@dataclass(slots=True)
class Following:
    """All up to `position` is done with."""

    position: int
    _seen: set[int] = field(default_factory=set)

    def is_new(self, row: Row) -> bool:
        """Whether it is to be delivered, and was not."""
        return row.state in _DUE and row.id not in self._seen

    def settle(self, row: Row) -> None:
        """It was delivered, or cannot be."""
        self._seen.add(row.id)

    def advance(self, rows: Iterable[Row], now: datetime) -> None:
        """After all that came after `position` was looked at, in the order of ids."""
        for row in rows:
            if row.state == HELD or row.created > now - UNSETTLED:
                break
            self.position = row.id
        self._seen = {each for each in self._seen if each > self.position}
