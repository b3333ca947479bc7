"""Connections to banks, and what is known behind them.

Only what is needed to tell new from known is kept: transactions and documents are
told of and not stored.
"""

from __future__ import annotations

import json
from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.connections.connectors.base import (
    MAX_INDEX,
    AccountRecord,
    SubscriptionRecord,
)
from apps.encryption.fields import EncryptedTextField
from apps.event_log.models import EndUser

_CHILDREN: Final = MAX_INDEX + 1


class Connection(models.Model):
    """A user's connection to a bank (contract, 1.4).

    `fields` are the credentials, a JSON object, sealed; they go with the deletion.

    A synchronisation is claimed by `sync_token` until `syncing_until`, see
    `claims`. `sync_number` is the number of the last one that began, `sync_began_at`
    is null once it has ended, `sync_attempts` says how often it had to begin.
    `told_number` is the last one that a USER_SYNCED told of.
    """

    user = models.ForeignKey(
        EndUser, on_delete=models.PROTECT, related_name="connections"
    )
    id_connector = models.PositiveIntegerField()
    fields = EncryptedTextField(null=True)
    activate = models.BooleanField(
        default=False, help_text="What is found is enabled at once."
    )
    state = models.CharField(max_length=64, null=True)  # noqa: DJ001
    error_message = models.TextField(null=True)  # noqa: DJ001
    wrongpasses = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    last_update_at = models.DateTimeField(null=True)
    expire_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    sync_number = models.PositiveIntegerField(default=0)
    sync_token = models.PositiveBigIntegerField(default=0)
    sync_attempts = models.PositiveSmallIntegerField(default=0)
    sync_began_at = models.DateTimeField(null=True)
    syncing_until = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    told_number = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                name="connection_due",
                fields=["next_sync_at"],
                condition=Q(deleted_at__isnull=True, next_sync_at__isnull=False),
            ),
            models.Index(
                name="connection_syncing",
                fields=["syncing_until"],
                condition=Q(sync_began_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="connection_deleted_without_credentials",
                condition=Q(deleted_at__isnull=True) | Q(fields__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"connection {self.pk}"

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials by name."""
        found: dict[str, str] = json.loads(self.fields or "{}")
        return found


class Account(models.Model):
    """A bank account as it was last seen; new ones are disabled (contract, 1.1).

    `found_number` is the synchronisation that found it. `synced_at` is null until it
    was synchronised since it was enabled.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="accounts"
    )
    reference = models.CharField(max_length=255)
    found_number = models.PositiveIntegerField()
    found_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    last_index = models.PositiveIntegerField(default=0)
    number = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=64)
    id_type = models.PositiveIntegerField()
    balance = models.DecimalField(max_digits=24, decimal_places=8)
    coming = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    currency = models.CharField(max_length=16)
    iban = models.CharField(max_length=34, null=True)  # noqa: DJ001
    parent = models.CharField(max_length=255, null=True)  # noqa: DJ001
    usage = models.CharField(max_length=8, null=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="account_once_per_connection", fields=["connection", "reference"]
            ),
        ]

    def __str__(self) -> str:
        return f"account {self.pk}"

    def update_from(self, record: AccountRecord) -> None:
        """As the connector sees it now; unsaved."""
        self.number, self.name = record.number, record.name
        self.type, self.id_type = record.type, record.id_type
        self.balance, self.coming = record.balance, record.coming
        self.currency, self.iban = record.currency, record.iban
        self.parent, self.usage = record.parent, record.usage


class Subscription(models.Model):
    """A subscription as it was last seen; the columns mean what an account's do."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="subscriptions"
    )
    reference = models.CharField(max_length=255)
    found_number = models.PositiveIntegerField()
    found_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    last_index = models.PositiveIntegerField(default=0)
    number = models.CharField(max_length=255)
    label = models.CharField(max_length=255)
    subscriber = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="subscription_once_per_connection",
                fields=["connection", "reference"],
            ),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}"

    def update_from(self, record: SubscriptionRecord) -> None:
        """As the connector sees it now; unsaved."""
        self.number, self.label = record.number, record.label
        self.subscriber = record.subscriber


def child_id(parent: int, index: int) -> int:
    """The id of what is not stored: a transaction, an investment, a document.

    Its index in seven digits after its parent's id: unique for as long as a connector
    gives an index once, and exact in every receiver's JSON.
    """
    if not 0 < index <= MAX_INDEX:
        raise ValueError(f"A connector's index is 1 to {MAX_INDEX}, not {index}.")
    return parent * _CHILDREN + index
