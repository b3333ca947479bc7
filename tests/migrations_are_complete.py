"""Exits non-zero when a model has changed without a migration. Needs no database."""

from __future__ import annotations

import os
import warnings

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    # There is no database to compare the history of migrations with.
    warnings.simplefilter("ignore")
    django.setup()
    call_command("makemigrations", "--check", "--dry-run", "--skip-checks")
