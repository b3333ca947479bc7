"""Pausing webhooks: what happens is still recorded for them, and nothing is sent.

A pause that is over by itself is none (`IS_UNPAUSED` in engine/gates.py). Then, or once
resumed, the backlog goes out as any does: one request at first, and one more with each
success.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.engine.gates import gates_of
from apps.webhooks.models import Webhook
from apps.webhooks.registrations import Refused, locked_webhook
from apps.webhooks.tasks import wake

NOTE_CHARACTERS: Final = 500


def pause_webhook(
    webhook_id: int, *, actor: str, until: datetime | None = None, note: str = ""
) -> Webhook:
    """Send nothing more, until then or until it is resumed; its data is kept.

    `actor` is who wants it, as a replay has it. What is in flight is still recorded.
    Again, it changes `until` and `note`. Raises `Refused` for a deleted webhook, and
    for an end that is over.
    """
    if len(note) > NOTE_CHARACTERS or not note.isprintable():
        sentence = f"note is a line of up to {NOTE_CHARACTERS} printable characters."
        raise Refused("invalidValue", "note", sentence)
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        if webhook.deleted_at is not None:
            raise Refused("conflict", "id", f"Webhook {webhook_id} is deleted.")
        gates = gates_of([webhook_id])[webhook_id]
        if until is not None and until <= gates.instant:
            raise Refused("invalidValue", "until", "until must be in the future.")
        before = _paused(webhook)
        if gates.is_unpaused:
            webhook.paused_at = gates.instant
        webhook.paused_until = until
        webhook.paused_by, webhook.pause_note = actor, note
        _save(webhook)
        after = _paused(webhook)
        record(Action.WEBHOOK_PAUSE, webhook_id, old=before, new=after, reason=note)
    return webhook


def resume_webhook(webhook_id: int) -> Webhook:
    """Send what has gathered; one that is not paused stays as it is.

    Raises `Refused` for an unknown one.
    """
    with transaction.atomic():
        webhook = locked_webhook(webhook_id)
        before = _paused(webhook)
        webhook.paused_at = webhook.paused_until = None
        webhook.paused_by = webhook.pause_note = ""
        _save(webhook)
        record(Action.WEBHOOK_RESUME, webhook_id, old=before, new=_paused(webhook))
        transaction.on_commit(wake, robust=True)
    return webhook


def _paused(webhook: Webhook) -> dict[str, Any]:
    """What the audit trail compares."""
    return {
        "paused": webhook.paused_at,
        "until": webhook.paused_until,
        "note": webhook.pause_note,
    }


def _save(webhook: Webhook) -> None:
    webhook.save(
        update_fields=[
            "paused_at",
            "paused_until",
            "paused_by",
            "pause_note",
            "updated_at",
        ]
    )
