"""`/livez`, `/readyz` and `/metrics`: for machines, before anything else is asked.

A middleware, for who probes a process calls it by its address, without TLS and
without a name that `ALLOWED_HOSTS` knows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

from apps.webhooks.api.errors import problem
from apps.webhooks.doctor import MISSED_EXECUTIONS, unapplied_migrations
from apps.webhooks.engine.executions import current_execution
from apps.webhooks.heartbeats import served_queues
from apps.webhooks.scrape import CONTENT_TYPE, is_allowed, scrape
from apps.webhooks.tasks import mailbox

METHODS: Final = ("GET", "HEAD")


class ProbesMiddleware:
    """Answers the three, and passes on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The probe's answer, or what the service says."""
        if request.method in METHODS:
            if request.path == "/livez":
                return HttpResponse("alive\n", content_type="text/plain")
            if request.path == "/readyz":
                return self._readiness()
            if request.path == "/metrics" and settings.WEBHOOKS_METRICS_TOKEN:
                return metrics(request)
        return self.get_response(request)

    def _readiness(self) -> HttpResponse:
        """503 without a database that is migrated; the rest is told of, not required:
        events are taken all the same, and none is lost.
        """
        state = {"database": "ok", "migrations": "ok", "redis": _redis()}
        state |= {"flusher": "unknown", "workers": "unknown"}
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            # Once is enough: no release takes back what another has applied.
            self._migrated = self._migrated or not unapplied_migrations()
            if self._migrated:
                state |= {"flusher": _flusher(), "workers": _workers()}
            else:
                state["migrations"] = "missing"
        except Error:
            state |= {"database": "away", "migrations": "unknown"}
        ready = state["migrations"] == "ok"
        return JsonResponse({"ready": ready, **state}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """What Prometheus asks for, if it has the token."""
    if not is_allowed(request.headers.get("Authorization", "")):
        refusal = JsonResponse(problem(request, "unauthorized", None), status=401)
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    return HttpResponse(scrape(database=True), content_type=CONTENT_TYPE)


def _flusher() -> str:
    _, began = current_execution()
    late = timedelta(seconds=MISSED_EXECUTIONS * settings.WEBHOOKS_FLUSHER_PERIOD)
    return "ok" if began and timezone.now() - began <= late else "late"


def _workers() -> str:
    served = served_queues().values()
    return "ok" if all(queue.workers for queue in served) else "silent"


def _redis() -> str:
    try:
        mailbox().redis.ping()
    except RedisError:
        return "away"
    return "ok"
