"""The Celery application of the naive design: defaults, and Redis."""

from __future__ import annotations

from celery import Celery
from django.conf import settings

app = Celery(
    "naive",
    broker=settings.REDIS_URL,
    include=["benchmarks.naive"],
    set_as_current=False,
)
app.conf.task_default_queue = "naive"
app.conf.broker_connection_retry_on_startup = True
# The service's tasks are shared with every application, and rung for by every worker
# that begins: here nobody may take them, or the engine would do the baseline's work.
app.conf.task_routes = {"webhooks.*": {"queue": "nobody"}}
