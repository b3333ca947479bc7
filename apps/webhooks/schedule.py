"""The flusher's timetable: which execution is the current one, and when the next is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps.webhooks.engine.executions import current_execution
from apps.webhooks.rules.timetable import next_execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Flusher:
    """The flusher's last execution, and when the next one is due."""

    execution: int
    began_at: datetime | None
    next_at: datetime


def flusher_now() -> Flusher:
    """From the last execution of all webhooks."""
    number, began = current_execution()
    due = next_execution(began, settings.WEBHOOKS_FLUSHER_PERIOD, timezone.now())
    return Flusher(execution=number, began_at=began, next_at=due)
