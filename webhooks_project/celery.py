"""The Celery application: workers and beat start here."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.loaders.app import AppLoader
from celery.signals import task_prerun
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections

from webhooks_project.environment import UNUSABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")


class Loader(AppLoader):
    """Says in a line why the settings cannot be used."""

    def config_from_object(self, obj: Any, silent: bool = False) -> Any:
        """Read the settings, or end the process."""
        try:
            return super().config_from_object(obj, silent)
        except ImproperlyConfigured as error:
            raise SystemExit(f"{UNUSABLE}{error}") from error


app = Celery("webhooks_project", loader=f"{__name__}:{Loader.__name__}")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="background")
app.autodiscover_tasks(related_name="worker_probes")
app.autodiscover_tasks(related_name="watchdog")


@task_prerun.connect
def _replace_connections(**_: object) -> None:
    """As Django does between requests: what a restart of PostgreSQL broke is not kept.

    Celery either closes connections after every task or never looks at them.
    """
    close_old_connections()
