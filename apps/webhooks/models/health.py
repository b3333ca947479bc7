"""How webhooks are, and who was told of it."""

from __future__ import annotations

from django.db import models

from apps.webhooks.models.registration import Webhook


class HealthBucket(models.Model):
    """What came of a webhook's attempts in a quarter of an hour.

    A cache, written by settlement alone: the attempts are the facts.
    """

    pk = models.CompositePrimaryKey("webhook_id", "began_at")
    webhook = models.ForeignKey(
        Webhook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    began_at = models.DateTimeField()
    attempts = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    duration_us = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(name="healthbucket_began", fields=["began_at"])]

    def __str__(self) -> str:
        return f"health of webhook {self.webhook_id} from {self.began_at}"


class WebhookAlert(models.Model):
    """A webhook that is failing, and when its operator was last told of it.

    The row begins with a cutoff, and ends with the mail that tells of the recovery.
    """

    webhook = models.OneToOneField(
        Webhook, primary_key=True, on_delete=models.CASCADE, related_name="alert"
    )
    failing_since = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"alert on webhook {self.webhook_id}"
