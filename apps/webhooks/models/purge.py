"""How far the removal of old rows is."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class PurgePass(models.Model):
    """The last pass over one kind of rows (see retention.py), or the one that goes on.

    `reached` is the last id that was looked at; `ended_at` is null while it goes on.
    """

    kind = models.CharField(max_length=16, primary_key=True)
    reached = models.BigIntegerField(db_default=0)
    removed = models.BigIntegerField(db_default=0)
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "purge passes"

    def __str__(self) -> str:
        return self.kind
