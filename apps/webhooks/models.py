"""Webhooks, their data, the attempts to deliver it, and the leases on them.

The rows are the queue (docs/adr/0001): what is unsent is what has the state
`pending`, and the partial index `webhookdata_pending` is the queue's order.

Foreign keys into `webhook` and `event` from the two big tables carry no database
constraint: checking one locks the row it points at, and then every emission would
lock rows that all emitters share. They hold by construction, for webhooks are only
ever soft-deleted and rows are written by INSERT ... SELECT from them.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.auth_providers.models import AuthProvider
from apps.event_log.models import EndUser, Event


class Webhook(models.Model):
    """A registration: one event, one URL (contract, section 3.1).

    Until it has a URL it receives nothing. A deletion is soft, and cancels what was
    unsent. The database adds the `Lease` row itself. `add_to_data`: see additions.py.
    """

    event = models.CharField(max_length=64)
    url = models.TextField(null=True, blank=True)  # noqa: DJ001
    auth_provider = models.ForeignKey(
        AuthProvider,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="webhooks",
    )
    user = models.ForeignKey(
        EndUser,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="webhooks",
        help_text="Restricts the webhook to the events of one user.",
    )
    compression = models.BooleanField(
        null=True, blank=True, help_text="gzip bodies; empty: as configured."
    )
    deadline = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text="Seconds for one whole request; empty: as configured.",
    )
    max_in_flight = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(256)],
        help_text="Requests at a time, at most; empty: as configured.",
    )
    add_to_data = models.JSONField(blank=True, default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                name="webhook_subscribed",
                fields=["event"],
                condition=Q(deleted_at__isnull=True, url__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="webhook_deadline_1_to_30",
                condition=Q(deadline__isnull=True) | Q(deadline__range=(1, 30)),
            ),
            models.CheckConstraint(
                name="webhook_max_in_flight_1_to_256",
                condition=Q(max_in_flight__isnull=True)
                | Q(max_in_flight__range=(1, 256)),
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk} ({self.event})"


class WebhookData(models.Model):
    """What one webhook is to be told of one event; its id is `id_webhook_data`.

    `last_execution` is the flusher execution of the last failed attempt, -1 before
    the first: a row is offered at most once per execution. `extra`: the members that
    this webhook adds to the body, as a JSON object's text; null: none.
    """

    NEVER_ATTEMPTED = -1

    class State(models.IntegerChoices):
        """Held for a temporary user, then pending until one of the others."""

        HELD = 0, "held"
        PENDING = 1, "pending"
        DELIVERED = 2, "delivered"
        CANCELLED = 3, "cancelled"
        QUARANTINED = 4, "quarantined"

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
        indexes = [
            models.Index(
                name="webhookdata_pending",
                fields=["webhook", "last_execution", "id"],
                condition=Q(state=1),
            ),
            models.Index(
                name="webhookdata_held", fields=["event"], condition=Q(state=0)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="webhookdata_once_per_event", fields=["event", "webhook"]
            ),
            models.CheckConstraint(
                name="webhookdata_known_state", condition=Q(state__range=(0, 4))
            ),
            models.CheckConstraint(
                name="webhookdata_delivered_has_date",
                condition=~Q(state=2) | Q(delivered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"webhook data {self.pk}"


class DeliveryAttempt(models.Model):
    """One request that was sent, or that could not be; never changed afterwards.

    `started_at` is the instant in `BI-Signature-Date`. Durations are microseconds,
    null where the phase was not reached (or the connection was kept alive).
    """

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
    body_bytes = models.PositiveIntegerField()
    sent_bytes = models.PositiveIntegerField()
    response_headers = models.TextField(db_default="")
    response_excerpt = models.BinaryField(db_default=b"")
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(name="attempt_of_data", fields=["webhook_data"]),
            models.Index(name="attempt_of_webhook", fields=["webhook", "started_at"]),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of webhook data {self.webhook_data_id}"


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
        return f"lease {self.token} on webhook {self.webhook_id}"


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
        return f"flusher execution {self.pk}"
