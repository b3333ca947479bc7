"""Replays: webhook data sent again on an operator's word, and what came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.webhooks.models.delivery import WebhookData


class Replay(models.Model):
    """One replay: what was chosen, who wants it and why, and how far it is.

    `filters` as apps/webhooks/replay/filters.py writes them; `rate` in requests a
    second. What of `total` is not delivered, failed or skipped is waiting, or was
    cancelled with the replay, so that the five always add up to `total`. `standing`
    has, for each webhook that failed last, its counters and why nothing more is sent
    to it (apps/webhooks/replay/standing.py). It is run in turns: `leased_until` while
    a process does, and `served_at` when one last began to.
    """

    class State(models.TextChoices):
        """Running until it ends by itself or an operator's word."""

        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("cancelled")
        DONE = "done", _("done")

    state = models.CharField(max_length=16, choices=State, db_default=State.RUNNING)
    remark = models.CharField(max_length=200, db_default="")
    filters = models.JSONField()
    rate = models.FloatField()
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=500, blank=True, db_default="")
    total = models.PositiveIntegerField(db_default=0)
    delivered = models.PositiveIntegerField(db_default=0)
    failed = models.PositiveIntegerField(db_default=0)
    skipped = models.PositiveIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    standing = models.JSONField(default=dict, db_default={})
    leased_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                name="replay_running",
                fields=["served_at"],
                condition=Q(state="running"),
            ),
        ]

    def __str__(self) -> str:
        return f"replay {self.pk} ({self.state})"

    @property
    def ended(self) -> int:
        """How many have been tried, or were not to be."""
        return self.delivered + self.failed + self.skipped

    @property
    def is_over(self) -> bool:
        """Does nothing come of it any more, whatever an operator says?"""
        return self.state not in (self.State.RUNNING, self.State.PAUSED)

    @property
    def waiting(self) -> int:
        """How many are still to be sent."""
        return 0 if self.is_over else self.total - self.ended

    @property
    def cancelled(self) -> int:
        """How many were not sent because the replay was cancelled before."""
        return self.total - self.ended if self.is_over else 0


class ReplayItem(models.Model):
    """One webhook data in a replay.

    `was` is its state when the replay was planned: data that has been accepted since
    is not sent again. A replay tries each item once.
    """

    class State(models.IntegerChoices):
        """Waiting, then one of the others."""

        WAITING = 0, _("waiting")
        DELIVERED = 1, _("delivered")
        FAILED = 2, _("failed")
        SKIPPED = 3, _("skipped")

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, db_index=False)
    webhook_data = models.ForeignKey(
        WebhookData, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    webhook_id = models.BigIntegerField()
    was = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField(choices=State, db_default=State.WAITING)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                name="replayitem_waiting",
                fields=["replay", "webhook_data"],
                condition=Q(state=0),
            ),
            models.Index(name="replayitem_of_data", fields=["webhook_data"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="replayitem_once", fields=["replay", "webhook_data"]
            ),
        ]

    def __str__(self) -> str:
        return f"webhook data {self.webhook_data_id} in replay {self.replay_id}"
