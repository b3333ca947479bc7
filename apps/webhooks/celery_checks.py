"""System checks: Celery is set up as the engine has been tried with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

# A webhook's own deadline may be so long.
LONGEST_REQUEST: Final = 30
# The broker's answer to a worker that waits comes after a second at most.
BROKER_WAIT: Final = 1
_TRANSPORT: Final = "CELERY_BROKER_TRANSPORT_OPTIONS"
# Setting, Celery's default, whether a value fits, what is wanted, and why.
_CELERY: Final[tuple[tuple[str, Any, Callable[[Any], bool], str, str], ...]] = (
    (
        "CELERY_TASK_IGNORE_RESULT",
        False,
        bool,
        "must be true",
        "Whoever posts a message would otherwise wait for a backend of results.",
    ),
    (
        "CELERY_RESULT_BACKEND",
        None,
        lambda value: not value or str(value).startswith("disabled"),
        "must not be given",
        "Results are rows in the database.",
    ),
    (
        "CELERY_TASK_ACKS_LATE",
        False,
        lambda value: not value,
        "must be false",
        "A message that comes twice would run a pump twice.",
    ),
    (
        "CELERY_TASK_REJECT_ON_WORKER_LOST",
        False,
        lambda value: not value,
        "must be false",
        "A payload that kills its worker would kill the next one at once.",
    ),
    (
        "CELERY_TASK_PUBLISH_RETRY",
        True,
        lambda value: not value,
        "must be false",
        "An emission would wait for a broker that is away.",
    ),
    (
        "CELERY_WORKER_PREFETCH_MULTIPLIER",
        4,
        lambda value: value == 1,
        "must be 1",
        "Messages would lie with a busy worker while another is idle.",
    ),
    (
        "CELERY_ACCEPT_CONTENT",
        ["json"],
        lambda value: list(value) == ["json"],
        'must be ["json"]',
        "Whoever may write to Redis could run code with pickle.",
    ),
    (
        _TRANSPORT,
        {},
        lambda value: BROKER_WAIT < (value.get("socket_timeout") or 0) <= 15,
        f"must have a socket_timeout, above {BROKER_WAIT} and up to 15",
        "Without one a half-open connection to Redis is waited on for ever.",
    ),
    (
        _TRANSPORT,
        {},
        lambda value: 0 < (value.get("socket_connect_timeout") or 0) <= 2,
        "must have a socket_connect_timeout, up to 2",
        "An emission would wait for a Redis that does not answer.",
    ),
    (
        _TRANSPORT,
        {},
        lambda value: bool(value.get("health_check_interval")),
        "must have a health_check_interval",
        "Without one nobody notices that a connection to Redis is gone.",
    ),
)


@register(Tags.compatibility)
def celery_rings_a_bell(**_: Any) -> list[CheckMessage]:
    """Celery's settings are those that the engine has been tried with.

    Messages carry nothing, so none is acknowledged late or tried again; and neither
    an emission nor a worker waits for a broker that hangs.
    """
    return [
        Error(f"{name} {wanted}.", hint=why, id="webhooks.E007")
        for name, default, fits, wanted, why in _CELERY
        if not fits(getattr(settings, name, default))
    ]


@register(Tags.compatibility)
def tasks_have_the_time_they_need(**_: Any) -> list[CheckMessage]:
    """A pump that Celery kills in mid-run leaves outcomes unrecorded."""
    soft, hard = settings.CELERY_TASK_SOFT_TIME_LIMIT, settings.CELERY_TASK_TIME_LIMIT
    least = settings.WEBHOOKS_PUMP_RUN + LONGEST_REQUEST + settings.WEBHOOKS_SETTLE
    if least <= soft < hard:
        return []
    return [
        Error(
            f"CELERY_TASK_SOFT_TIME_LIMIT is {soft} s, and CELERY_TASK_TIME_LIMIT "
            f"{hard} s; a pump may take {least:g} s.",
            hint="WEBHOOKS_PUMP_RUN + 30 + WEBHOOKS_SETTLE <= soft limit < hard limit.",
            id="webhooks.E008",
        )
    ]
