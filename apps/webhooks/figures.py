"""Figures that the database knows, each by a bounded query.

What could be millions of rows is counted up to a limit; of what is older than can be
seen at once, the age is at least what is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from apps.auth_providers.tokens import USABLE
from apps.webhooks.engine.gates import IS_UNPAUSED, LIVE
from apps.webhooks.heartbeats import served_queues

COUNTED: Final = 100_000
# Heads of the queue that are looked at: of a webhook one for each execution in which
# some of its rows were tried last. A look costs ten microseconds.
HEADS: Final = 5_000
# Half of what Prometheus waits for by default. By the partial indexes whatever the
# statistics say: they are of some minutes ago, and a queue fills in less.
_BOUNDS: Final = """
SET LOCAL statement_timeout = '5s';
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off
"""

_OF_STATE: Final = """
SELECT count(*) FROM (SELECT FROM webhooks_webhookdata WHERE state = {}
                      LIMIT %(most)s) counted
"""
_PENDING: Final = _OF_STATE.format(1)
_COUNT: Final = f"SELECT ({_PENDING}), ({_OF_STATE.format(0)}), ({_OF_STATE.format(4)})"
_OLDEST: Final = """
WITH RECURSIVE head AS (
    (SELECT webhook_id, last_execution, created_at FROM webhooks_webhookdata
     WHERE state = 1 ORDER BY webhook_id, last_execution, id LIMIT 1)
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
        SELECT d.webhook_id, d.last_execution, d.created_at
        FROM webhooks_webhookdata d
        WHERE d.state = 1
          AND (d.webhook_id, d.last_execution) > (head.webhook_id, head.last_execution)
        ORDER BY d.webhook_id, d.last_execution, d.id LIMIT 1) next
)
SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8
FROM (SELECT created_at FROM head LIMIT %(heads)s) looked_at
"""
# First attempts are in time or they are not; what waits for a receiver is no lag. A
# webhook that was cut off has an alert until it is well again, for between two cutoffs
# its lease does not tell.
_LAG: Final = f"""
WITH RECURSIVE waiting AS (
    (SELECT webhook_id, last_execution, created_at FROM webhooks_webhookdata
     WHERE state = 1 ORDER BY webhook_id, last_execution, id LIMIT 1)
    UNION ALL
    SELECT next.* FROM waiting CROSS JOIN LATERAL (
        SELECT d.webhook_id, d.last_execution, d.created_at
        FROM webhooks_webhookdata d
        WHERE d.state = 1 AND d.webhook_id > waiting.webhook_id
        ORDER BY d.webhook_id, d.last_execution, d.id LIMIT 1) next
)
SELECT extract(epoch FROM clock_timestamp() - min(waiting.created_at))::float8
FROM (SELECT * FROM waiting LIMIT %(heads)s) waiting
JOIN webhooks_lease l ON l.webhook_id = waiting.webhook_id
JOIN webhooks_webhook w ON w.id = waiting.webhook_id
LEFT JOIN auth_providers_oauthtoken t ON t.provider_id = w.auth_provider_id
WHERE waiting.last_execution = -1 AND {LIVE} AND {IS_UNPAUSED}
  AND l.cut_off_at IS NULL AND l.consecutive_failures = 0
  AND (l.rest_until IS NULL OR l.rest_until <= clock_timestamp())
  AND (t.provider_id IS NULL OR {USABLE})
  AND NOT EXISTS (SELECT FROM webhooks_webhookalert a
                  WHERE a.webhook_id = waiting.webhook_id)
"""
_WEBHOOKS: Final = f"""
WITH current AS (SELECT coalesce((
    SELECT id FROM webhooks_flusherexecution WHERE webhook_id IS NULL
    ORDER BY id DESC LIMIT 1), 0) AS execution)
SELECT count(*) FILTER (WHERE l.cut_off_at IS NOT NULL
        AND l.execution >= greatest(current.execution, l.flushed_execution)),
    count(*) FILTER (WHERE l.rest_until > clock_timestamp()),
    count(*) FILTER (WHERE l.leased_until > clock_timestamp()),
    count(*) FILTER (WHERE {IS_UNPAUSED} IS NOT TRUE),
    (SELECT count(*) FROM webhooks_webhookalert)
FROM webhooks_lease l JOIN webhooks_webhook w ON w.id = l.webhook_id CROSS JOIN current
WHERE w.deleted_at IS NULL
"""
_FLUSHER: Final = """
SELECT id, extract(epoch FROM started_at)::float8 FROM webhooks_flusherexecution
WHERE webhook_id IS NULL ORDER BY id DESC LIMIT 1
"""
# An hour of settlement's quarters: the webhooks that were sent to times five at most.
_RECENT: Final = """
SELECT coalesce(sum(accepted), 0)::bigint,
    coalesce(sum(attempts), 0)::bigint - coalesce(sum(accepted), 0)::bigint
FROM webhooks_healthbucket WHERE began_at > clock_timestamp() - interval '1 hour'
"""
_TOKENS: Final = f"""
SELECT count(*) FILTER (WHERE t.state = 'ok' AND {USABLE}),
    count(*) FILTER (WHERE t.state = 'ok' AND NOT {USABLE}),
    count(*) FILTER (WHERE t.state <> 'ok')
FROM auth_providers_oauthtoken t
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFigures:
    """Ages and durations in seconds, 0 where nothing waits; counts up to `COUNTED`.

    `flusher_began`: when the current execution did, None before the first. Of
    webhooks: `cut_off` in this execution, `failing` until they are well again.
    `workers`: by queue, those that have been heard of late.
    """

    backlog: int
    held: int
    quarantined: int
    oldest: float
    lag: float
    cut_off: int
    resting: int
    leased: int
    paused: int
    failing: int
    flusher_execution: int
    flusher_began: float | None
    recently_accepted: int
    recently_failed: int
    tokens_usable: int
    tokens_waiting: int
    tokens_failing: int
    workers: Mapping[str, int]


def database_figures() -> DatabaseFigures:
    """All of them. Raises `Error` if the database is away, or too slow."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BOUNDS)
        return _figures()


def count_pending(most: int) -> int:
    """How much is to be sent, counted so far; raises `Error` as above."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BOUNDS)
        return int(_row(_PENDING, {"most": most})[0])


def _figures() -> DatabaseFigures:
    limits = {"most": COUNTED, "heads": HEADS}
    backlog, held, quarantined = _row(_COUNT, limits)
    cut_off, resting, leased, paused, failing = _row(_WEBHOOKS)
    execution, began = _row(_FLUSHER) or (0, None)
    accepted, failed = _row(_RECENT)
    usable, waiting, refused = _row(_TOKENS)
    return DatabaseFigures(
        backlog=backlog,
        held=held,
        quarantined=quarantined,
        oldest=_row(_OLDEST, limits)[0] or 0.0,
        lag=_row(_LAG, limits)[0] or 0.0,
        cut_off=cut_off,
        resting=resting,
        leased=leased,
        paused=paused,
        failing=failing,
        flusher_execution=execution,
        flusher_began=began,
        recently_accepted=accepted,
        recently_failed=failed,
        tokens_usable=usable,
        tokens_waiting=waiting,
        tokens_failing=refused,
        workers={queue: each.workers for queue, each in served_queues().items()},
    )


def _row(statement: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row or ()
