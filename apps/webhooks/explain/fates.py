"""What a delivery has come to, before what is common to all is added."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from apps.webhooks.explain.answer import Detail


class Fate(NamedTuple):
    """As an `Explanation` has it; empty pieces of advice are left out there."""

    code: str
    summary: str
    details: tuple[Detail, ...] = ()
    next_try_at: datetime | None = None
    advice: tuple[str, ...] = ()
