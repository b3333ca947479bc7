"""The Django project; importing it makes the Celery application the current one."""

from __future__ import annotations

from webhooks_project.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
