"""What webhooks are to be told, and the attempts to do so.

The rows are the queue (docs/adr/0001): what is unsent is what has the state
`pending`, and the partial index `webhookdata_pending` is the queue's order.

Foreign keys into `webhook` and `event` from these two big tables carry no database
constraint: checking one locks the row it points at, and then every emission would
lock rows that all emitters share. They hold by construction, for webhooks are only
ever soft-deleted and rows are written by INSERT ... SELECT from them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.event_log.models import Event
from apps.webhooks.models.registration import Webhook


class WebhookData(models.Model):
    """What one webhook is to be told of one event; its id is `id_webhook_data`.

    `last_execution` is the flusher execution of the last failed attempt, -1 before
    the first: a row is offered at most once per execution. `extra`: the members that
    this webhook adds to the body, as a JSON object's text; null: none.
    """

    NEVER_ATTEMPTED = -1

    class State(models.IntegerChoices):
        """Held for a temporary user, then pending until one of the others.

        `planned`: of an event that was before its webhook; a replay sends it first.
        """

        HELD = 0, _("held")
        PENDING = 1, _("pending")
        DELIVERED = 2, _("delivered")
        CANCELLED = 3, _("cancelled")
        QUARANTINED = 4, _("quarantined")
        PLANNED = 5, _("planned")

    webhook = models.ForeignKey(
        Webhook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    state = models.PositiveSmallIntegerField(choices=State)
    attempts = models.PositiveIntegerField(db_default=0)
    last_execution = models.BigIntegerField(db_default=NEVER_ATTEMPTED)
    extra = models.TextField(null=True)  # noqa: DJ001
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook data"
        permissions = [
            ("resend_webhookdata", "Can send deliveries again"),
            ("view_payload", "Can read payloads"),
        ]
        indexes = [
            models.Index(
                name="webhookdata_pending",
                fields=["webhook", "last_execution", "id"],
                condition=Q(state=1),
            ),
            models.Index(
                name="webhookdata_held", fields=["event"], condition=Q(state=0)
            ),
            models.Index(
                name="webhookdata_quarantined",
                fields=["webhook"],
                condition=Q(state=4),
            ),
            # The console's lists, newest first: of one webhook, and of what fails.
            # Said to be of all that have a webhook, so that nothing that is looked up
            # by `id` alone can be read in it: it would be, from end to end, by a plan
            # that was made while the table looked empty.
            models.Index(
                name="webhookdata_of_webhook",
                fields=["webhook", "id"],
                condition=Q(webhook__isnull=False),
            ),
            models.Index(
                name="webhookdata_failing",
                fields=["webhook", "id"],
                condition=Q(state=1, attempts__gt=0),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="webhookdata_once_per_event", fields=["event", "webhook"]
            ),
            models.CheckConstraint(
                name="webhookdata_known_state", condition=Q(state__range=(0, 5))
            ),
            models.CheckConstraint(
                name="webhookdata_delivered_has_date",
                condition=~Q(state=2) | Q(delivered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return gettext("delivery %(id)s") % {"id": self.pk}


class DeliveryAttempt(models.Model):
    """One request that was sent, or that could not be; never changed afterwards.

    `started_at` is the instant in `BI-Signature-Date`. Durations are microseconds,
    null where the phase was not reached (or the connection was kept alive).
    `certificate_ends_at`: when the certificate of a connection that was new expires.
    """

    class Kind(models.IntegerChoices):
        """Why it was made."""

        LIVE = 0, _("live")
        REPLAY = 1, _("replay")

    webhook_data = models.ForeignKey(
        WebhookData,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="log",
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    token = models.BigIntegerField()
    execution = models.BigIntegerField()
    started_at = models.DateTimeField()
    cause = models.CharField(max_length=24)
    status = models.PositiveSmallIntegerField(null=True)
    dns_us = models.PositiveIntegerField(null=True)
    connect_us = models.PositiveIntegerField(null=True)
    tls_us = models.PositiveIntegerField(null=True)
    first_byte_us = models.PositiveIntegerField(null=True)
    total_us = models.PositiveIntegerField()
    peer = models.GenericIPAddressField(null=True)
    certificate_ends_at = models.DateTimeField(null=True)
    body_bytes = models.PositiveIntegerField()
    sent_bytes = models.PositiveIntegerField()
    response_headers = models.TextField(db_default="")
    response_excerpt = models.BinaryField(db_default=b"")
    next_try_at = models.DateTimeField(null=True)
    kind = models.PositiveSmallIntegerField(choices=Kind, db_default=Kind.LIVE)

    class Meta:
        indexes = [
            # With the id, for the last one of a thousand is asked for.
            models.Index(name="attempt_of_delivery", fields=["webhook_data", "id"]),
            models.Index(name="attempt_of_webhook", fields=["webhook", "started_at"]),
            # A success costs it nothing, and the console asks for failures.
            models.Index(
                name="attempt_failed", fields=["id"], condition=~Q(cause="accepted")
            ),
            models.Index(
                "cause",
                Coalesce(F("status") / 100, 0),
                "webhook_data",
                name="attempt_outcome",
                condition=~Q(cause="accepted"),
            ),
        ]

    def __str__(self) -> str:
        return gettext("attempt %(number)s of delivery %(id)s") % {
            "number": self.number,
            "id": self.webhook_data_id,
        }
