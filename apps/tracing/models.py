"""The trace that an event belongs to."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class EventTrace(models.Model):
    """The traceparent of an event's emission (W3C Trace Context), the attempts' parent.

    Apart from the event, which most often has none.
    """

    # No foreign key: it would have every emission lock what it has just written.
    event_id = models.BigIntegerField(primary_key=True)
    traceparent = models.CharField(max_length=55)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(name="eventtrace_created", fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.traceparent} of event {self.event_id}"
