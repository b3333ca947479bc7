"""Exits non-zero when a model has changed without a migration. Needs no database."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("SECRET_KEY", "only for the check of migrations")
os.environ.setdefault("WEBHOOKS_ENCRYPTION_KEYS", "check:" + "A" * 43 + "=")

if __name__ == "__main__":
    sys.warnoptions.append("ignore")
    django.setup()
    call_command("makemigrations", "--check", "--dry-run", "--skip-checks")
