"""Who and what happened: end users and events."""

from __future__ import annotations

from django.apps import AppConfig


class EventLogConfig(AppConfig):
    """The lowest of the three domain apps."""

    name = "apps.event_log"
    label = "event_log"
    verbose_name = "Event log"
