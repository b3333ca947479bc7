"""Who may send now, and the flusher's executions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from apps.webhooks.models.registration import Webhook


class Lease(models.Model):
    """Who may send for a webhook now, and what is known of its receiver.

    `token` grows with every lease and fences late writes of an older holder.
    `leased_until` is by the database's clock; a lease that ran out instead of being
    given back means that its holder died (docs/adr/0002).

    The counters belong to `execution` (contract, decision "the cutoff"), and are zero
    in any later one; `flushed_execution` is the webhook's own last forced execution.
    """

    webhook = models.OneToOneField(
        Webhook, primary_key=True, on_delete=models.CASCADE, related_name="lease"
    )
    token = models.BigIntegerField(db_default=0)
    holder = models.CharField(max_length=64, db_default="")
    leased_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    execution = models.BigIntegerField(db_default=-1)
    flushed_execution = models.BigIntegerField(db_default=-1)
    consecutive_failures = models.PositiveSmallIntegerField(db_default=0)
    timeouts = models.PositiveSmallIntegerField(db_default=0)
    cut_off_at = models.DateTimeField(null=True)
    rest_until = models.DateTimeField(null=True)
    suspect = models.BigIntegerField(null=True)
    suspect_expiries = models.PositiveSmallIntegerField(db_default=0)
    careful_left = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        indexes = [
            models.Index(
                name="lease_held",
                fields=["leased_until"],
                condition=Q(leased_until__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="lease_timeouts_are_failures",
                condition=Q(timeouts__lte=F("consecutive_failures")),
            ),
        ]

    def __str__(self) -> str:
        return gettext("lease %(token)s on webhook %(id)s") % {
            "token": self.token,
            "id": self.webhook_id,
        }


class FlusherExecution(models.Model):
    """One run of the flusher: of all webhooks, or of one."""

    webhook = models.ForeignKey(
        Webhook, null=True, on_delete=models.CASCADE, db_index=False
    )
    started_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                name="flusherexecution_of_all",
                fields=["-id"],
                condition=Q(webhook__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return gettext("flusher execution %(id)s") % {"id": self.pk}
