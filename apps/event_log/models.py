"""End users and events: the facts that webhooks tell."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.encryption.fields import EncryptedTextField


class EndUser(models.Model):
    """A customer of the platform, temporary until made permanent.

    `token` is the one that deliveries carry (contract, section 5.1), the newest
    permanent one: it must be readable, so it is sealed rather than hashed. It is null
    once that token was revoked, until another is issued. It outlives the user
    (`deleted_at`) until the last delivery about the user, USER_DELETED, has ended.
    `erased_at`: nothing of the person is left, and nothing more is taken in.
    """

    signin = models.DateTimeField(db_default=Now())
    permanent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    token = EncryptedTextField(null=True, blank=True)

    class Meta:
        verbose_name = "user"
        constraints = [
            models.CheckConstraint(
                name="enduser_temporary_expires_or_permanent",
                condition=Q(permanent_at__isnull=False)
                | Q(expires_at__isnull=False)
                | Q(deleted_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="enduser_temporary",
                fields=["expires_at"],
                condition=Q(permanent_at__isnull=True, deleted_at__isnull=True),
            ),
            models.Index(
                name="enduser_deleted_with_token",
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False, token__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return gettext("user %(id)s") % {"id": self.pk}

    @property
    def is_temporary(self) -> bool:
        """True until the platform makes the user permanent."""
        return self.permanent_at is None


class Erasure(models.Model):
    """What is left to do of a person's erasure; gone when it is done.

    `reached` is the last event that was looked at in the pass that is due.
    """

    user = models.OneToOneField(
        EndUser, primary_key=True, on_delete=models.CASCADE, related_name="erasure"
    )
    due_at = models.DateTimeField(db_default=Now())
    reached = models.BigIntegerField(db_default=0)

    def __str__(self) -> str:
        return gettext("erasure of user %(id)s") % {"id": self.user_id}


class UserConfig(models.Model):
    """One key of a user's configuration (contract, section 2.3)."""

    user = models.ForeignKey(EndUser, on_delete=models.CASCADE, related_name="config")
    key = models.CharField(max_length=100)
    value = models.TextField()

    class Meta:
        verbose_name = "user configuration"
        verbose_name_plural = "user configuration"
        constraints = [
            models.UniqueConstraint(
                name="userconfig_once_per_user", fields=["user", "key"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"


class Event(models.Model):
    """Something that happened, with its payload as the text that will be sent.

    `payload` is one JSON object, stored once however many webhooks are told: text,
    for the database transfers bytes at twice their size. It is null only after
    retention or erasure has removed it, at `body_removed_at`, and `payload_sha256`
    still proves what it was. `cfonb` is the same as a CFONB 120 file, if that was
    configured when the event happened; then it is what is sent. `resource`: the id
    of what it is about, see `EventType.resource_of`.
    """

    class Origin(models.TextChoices):
        """How the event came about."""

        API = "api", "API"
        PLATFORM = "platform", _("platform")
        PYTHON = "python", "Python"
        SYNC = "sync", _("background synchronisation")
        CONSOLE = "console", _("console")

    name = models.CharField(max_length=64)
    # No database constraint: checking it would lock the user's row in every emission
    # about that user. `emit` checks, and users are only ever soft-deleted.
    user = models.ForeignKey(
        EndUser,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_constraint=False,
        db_index=False,
    )
    resource = models.BigIntegerField(null=True)
    payload = models.TextField(null=True)  # noqa: DJ001
    cfonb = models.TextField(null=True)  # noqa: DJ001
    body_removed_at = models.DateTimeField(null=True)
    payload_sha256 = models.BinaryField()
    payload_size = models.PositiveIntegerField()
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PYTHON)
    source = models.CharField(max_length=64, default="")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="event_created"),
            # Without those of nobody it is no way to look up an event by its id alone,
            # which a plan made while the table looked empty would read to its end.
            models.Index(
                fields=["user", "id"],
                name="event_of_user",
                condition=Q(user__isnull=False),
            ),
            # Retention looks through it, and what it has removed is not there.
            models.Index(
                fields=["id"],
                name="event_with_body",
                condition=Q(body_removed_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="event_idempotency",
                fields=["source", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                name="event_name_is_upper_case", condition=Q(name__regex=r"^[A-Z_]+$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"

    @property
    def removal(self) -> str:
        """Why there is no body, in a sentence; empty as long as there is one."""
        if self.body_removed_at is None:
            return ""
        return gettext(
            "The body was purged on %(date)s, for its age or with the person it was of."
        ) % {"date": date_format(self.body_removed_at, "DATE_FORMAT")}
