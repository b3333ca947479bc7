"""Which workers have been heard."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a task that a worker had posted to itself was last run by it.

    By the database's clock. A worker that ends takes its rows away; one that was
    killed leaves them, until they are swept.
    """

    pk = models.CompositePrimaryKey("queue", "worker")
    queue = models.CharField(max_length=64)
    worker = models.CharField(max_length=200)
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.worker} on {self.queue}"
