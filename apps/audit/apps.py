"""Who did what, when, from where: the audit trail."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The lowest app, for whatever changes something records it."""

    name = "apps.audit"
    verbose_name = "Audit trail"
