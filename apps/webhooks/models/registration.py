"""Webhooks: registrations to events."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.auth_providers.models import AuthProvider
from apps.event_log.models import EndUser


class Webhook(models.Model):
    """A registration: one event, one URL (contract, section 3.1).

    Until it has a URL it receives nothing. A deletion is soft, and cancels what was
    unsent. The database adds the `Lease` row itself. `add_to_data`: see additions.py.
    While it is paused its data is kept and nothing is sent: until `paused_until`, by
    the database's clock, or an operator's word where that is null.
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
        help_text=_("Restricts the webhook to the events of one user."),
    )
    compression = models.BooleanField(
        null=True, blank=True, help_text=_("gzip bodies; empty: as configured.")
    )
    deadline = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_("Seconds for one whole request; empty: as configured."),
    )
    max_in_flight = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(256)],
        help_text=_("Requests at a time, at most; empty: as configured."),
    )
    add_to_data = models.JSONField(blank=True, default=dict, db_default={})
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=100, blank=True, db_default="", default="")
    pause_note = models.CharField(max_length=500, blank=True, db_default="", default="")

    class Meta:
        permissions = [
            ("flush_webhook", "Can flush webhooks"),
            ("test_webhook", "Can send test deliveries"),
            ("pause_webhook", "Can pause webhooks"),
            ("restore_webhook", "Can restore deleted webhooks"),
        ]
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
            models.CheckConstraint(
                name="webhook_pause_ends_after_it_began",
                condition=Q(paused_until__isnull=True)
                | Q(paused_until__gt=F("paused_at")),
            ),
        ]

    def __str__(self) -> str:
        return gettext("webhook %(id)s (%(event)s)") % {
            "id": self.pk,
            "event": self.event,
        }
