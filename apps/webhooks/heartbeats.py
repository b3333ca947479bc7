"""Heartbeats of workers: rows that only a worker which consumes can write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection

# Of heartbeats: so many may be missed by a worker that is only busy.
MISSED: Final = 4

_NOTE: Final = """
INSERT INTO webhooks_heartbeat (queue, worker, heard_at)
SELECT unnest(%s::text[]), %s, clock_timestamp()
ON CONFLICT (queue, worker) DO UPDATE SET heard_at = excluded.heard_at
"""
_PURGE: Final = """
DELETE FROM webhooks_heartbeat WHERE heard_at < clock_timestamp() - interval '1 day'
"""
_SERVED: Final = """
SELECT queue,
    count(*) FILTER (WHERE heard_at > clock_timestamp() - make_interval(secs => %s)),
    greatest(0, extract(epoch FROM clock_timestamp() - max(heard_at)))::float8
FROM webhooks_heartbeat GROUP BY queue
"""


class Served(NamedTuple):
    """Workers that have been heard of late, and seconds since one was; None: never."""

    workers: int
    silent: float | None


def silence_seconds() -> float:
    """How long a worker may be silent before it counts as deaf."""
    return MISSED * float(settings.WEBHOOKS_HEARTBEAT_PERIOD)


def needed_queues() -> set[str]:
    """The queues that something is posted to."""
    routed = {str(route["queue"]) for route in settings.CELERY_TASK_ROUTES.values()}
    return routed | {str(settings.CELERY_TASK_DEFAULT_QUEUE)}


def note(worker: str, queues: Sequence[str]) -> None:
    """Record that a worker of these queues works."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(queues), worker])


def forget(worker: str) -> None:
    """A worker ends, and is not missed."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM webhooks_heartbeat WHERE worker = %s", [worker])


def purge_heartbeats() -> None:
    """Drop those of workers that were killed a day ago."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE)


def served_queues() -> dict[str, Served]:
    """By queue; every queue that is needed is there."""
    with connection.cursor() as cursor:
        cursor.execute(_SERVED, [silence_seconds()])
        found = {queue: Served(*rest) for queue, *rest in cursor.fetchall()}
    return {queue: found.get(queue, Served(0, None)) for queue in needed_queues()}
