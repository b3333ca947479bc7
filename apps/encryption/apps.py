"""Secrets at rest: the key ring and the encrypted model field."""

from __future__ import annotations

from django.apps import AppConfig


class EncryptionConfig(AppConfig):
    """Registers the app and its system checks."""

    name = "apps.encryption"
    label = "encryption"
    verbose_name = "Encryption"
