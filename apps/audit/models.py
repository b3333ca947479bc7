"""The audit trail: rows that are written once, and read."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from apps.audit.actions import Action
from apps.audit.actors import LABEL_CHARACTERS

ACTION_CHARACTERS = 40
REASON_CHARACTERS = 500


class AuditEntry(models.Model):
    """One thing that somebody did. The database refuses to change or delete it.

    Nobody is in it but by number, so that erasing a person elsewhere leaves rows that
    tell of nobody; `reason`, which is free text, may be emptied for that.
    `actor_kind` (see actors.py) says what `actor_id` is the number of, `target_kind`
    is the first word of `action`. `old` and `new` have what differs, secrets hidden.
    `address` is empty for end users.
    """

    at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=8)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=LABEL_CHARACTERS, default="")
    action = models.CharField(max_length=ACTION_CHARACTERS)
    target_kind = models.CharField(max_length=20)
    target_id = models.BigIntegerField(null=True)
    old = models.JSONField(default=dict)
    new = models.JSONField(default=dict)
    reason = models.CharField(max_length=REASON_CHARACTERS, default="")
    address = models.CharField(max_length=45, default="")
    request_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        indexes = [
            models.Index(name="audit_at", fields=["at"]),
            models.Index(name="audit_target", fields=["target_kind", "target_id"]),
            models.Index(name="audit_actor", fields=["actor_kind", "actor_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_id or ''}".strip()

    @property
    def title(self) -> str:
        """The action in words; one that there is no longer, as it was called."""
        known = self.action in Action.values
        return str(Action(self.action).label) if known else self.action
