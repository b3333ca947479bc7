"""Which queues have a worker that answers, asked of the workers themselves."""

from __future__ import annotations

from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

PATIENCE_SECONDS: Final[float] = 2.0


def needed_queues() -> set[str]:
    """The queues that something is posted to."""
    routes = current_app.conf.task_routes or {}
    routed = {str(route["queue"]) for route in routes.values()}
    return routed | {str(current_app.conf.task_default_queue)}


def served_queues() -> set[str] | None:
    """The queues of the workers that answer in time; None without a broker.

    All of the patience is spent: nobody knows how many workers there are.
    """
    try:
        answers = current_app.control.inspect(timeout=PATIENCE_SECONDS).active_queues()
    except (OperationalError, RedisError):
        return None
    queues = (answers or {}).values()
    return {str(queue["name"]) for served in queues for queue in served}
