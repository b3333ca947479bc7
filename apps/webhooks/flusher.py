"""Flushing on an operator's word: for the command, the console and the API."""

from __future__ import annotations

from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.tasks import wake

# Two clicks are one wish.
APART_SECONDS = 1.0


def flush(webhook: int | None = None) -> int | None:
    """Begin an execution now, of all webhooks or of one, and wake the pumps.

    Returns its number; None if one began a moment ago, which then serves.
    """
    execution = begin_execution(apart=APART_SECONDS, webhook=webhook)
    wake()
    return execution
