"""What was configured, and every change of it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ConfigEntry(models.Model):
    """A key that is not at its default."""

    key = models.CharField(max_length=100, primary_key=True)
    value = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "configuration entry"
        verbose_name_plural = "configuration"

    def __str__(self) -> str:
        return self.key


class ConfigLog(models.Model):
    """One change; `actor` says whose token or which operator made it."""

    class Kind(models.TextChoices):
        """What the change was."""

        ADD = "add", _("add")
        UPDATE = "update", _("update")
        DELETE = "delete", _("delete")

    key = models.CharField(max_length=100)
    previous_value = models.TextField(null=True)  # noqa: DJ001
    new_value = models.TextField(null=True)  # noqa: DJ001
    type = models.CharField(max_length=8, choices=Kind)
    actor = models.CharField(max_length=100, default="")
    timestamp = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["timestamp"], name="configlog_timestamp")]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"
