"""The developer at the other end: a real receiver for trying, tests and the demo."""

from __future__ import annotations

from django.apps import AppConfig


class ReceiverConfig(AppConfig):
    """Brings the command `listen`."""

    name = "apps.receiver"
    label = "receiver"
    verbose_name = "Receiver"
