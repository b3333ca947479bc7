"""Flushing on an operator's word: for the command, the console and the API."""

from __future__ import annotations

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.tasks import wake

# Two clicks are one wish.
APART_SECONDS = 1.0


def flush(webhook: int | None = None) -> int | None:
    """Begin an execution now, of all webhooks or of one, and wake the pumps.

    Returns its number; None if one began a moment ago, which then serves.
    """
    execution = begin_flush(webhook)
    wake()
    return execution


def begin_flush(webhook: int | None = None) -> int | None:
    """The same, where somebody else sends: nobody is woken."""
    with transaction.atomic():
        execution = begin_execution(apart=APART_SECONDS, webhook=webhook)
        action = Action.FLUSH if webhook is None else Action.WEBHOOK_FLUSH
        record(action, webhook, new={"execution": execution})
    return execution
