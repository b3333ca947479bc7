"""Who may use the console, beyond a password: second factors."""

from __future__ import annotations

from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    """What belongs to a console account besides what Django has of it."""

    name = "apps.operators"
    label = "operators"
    verbose_name = "Operators"
