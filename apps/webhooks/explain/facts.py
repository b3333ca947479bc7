"""What explanations are made of, read by a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection

from apps.configuration.keys import TIME_TO_LIVE, days
from apps.configuration.store import value
from apps.webhooks.engine.gates import Gates, gates_of
from apps.webhooks.engine.tokens import TokenWait, token_waits
from apps.webhooks.heartbeats import served_queues
from apps.webhooks.models import DeliveryAttempt, ReplayItem, WebhookData
from apps.webhooks.schedule import Flusher, flusher_now

# The queue of the pumps, as CELERY_TASK_ROUTES has it.
QUEUE: Final = "pump"
# Deliveries before one are counted up to here.
COUNTED: Final = 1_000
# By the index for each delivery: one that is refused for days has thousands.
_LAST: Final = """
SELECT last.id FROM unnest(%s::bigint[]) AS asked(id) CROSS JOIN LATERAL (
    SELECT a.id FROM webhooks_deliveryattempt a WHERE a.webhook_data_id = asked.id
    ORDER BY a.webhook_data_id DESC, a.id DESC LIMIT 1) last
"""
# In the order that pumps take them.
_AHEAD: Final = """
SELECT asked.id, (SELECT count(*) FROM (
    SELECT 1 FROM webhooks_webhookdata d
    WHERE d.state = 1 AND d.webhook_id = asked.webhook_id
      AND (d.last_execution, d.id) < (asked.last_execution, asked.id)
    ORDER BY d.last_execution, d.id LIMIT %(most)s) before)
FROM webhooks_webhookdata asked WHERE asked.id = ANY(%(rows)s) AND asked.state = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """By webhook: `gates`, `tokens`. By delivery: `last`, `ahead`, `items`.

    `silent`: seconds since a worker was heard of, None if there never was one;
    meaningless while `workers` is not 0. `lifetime` is the optional time to live.
    """

    flusher: Flusher
    gates: dict[int, Gates]
    tokens: dict[int, TokenWait]
    last: dict[int, DeliveryAttempt]
    ahead: dict[int, int]
    items: dict[int, ReplayItem]
    workers: int
    silent: float | None
    lifetime: timedelta | None


def facts_of(rows: Collection[WebhookData]) -> Facts:
    """All that explaining these takes."""
    data = [row.pk for row in rows]
    webhooks = sorted({row.webhook_id for row in rows})
    served = served_queues()[QUEUE]
    lifetime = days(value(TIME_TO_LIVE))
    return Facts(
        flusher=flusher_now(),
        gates=gates_of(webhooks),
        tokens=token_waits(webhooks),
        last=last_attempts(data),
        ahead=_ahead(data),
        items=_items(data),
        workers=served.workers,
        silent=served.silent,
        lifetime=None if lifetime is None else timedelta(days=float(lifetime)),
    )


def last_attempts(data: Sequence[int]) -> dict[int, DeliveryAttempt]:
    """The last attempt of each of these deliveries that has one, without its answer."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [list(data)])
        ids = [pk for (pk,) in cursor.fetchall()]
    attempts = DeliveryAttempt.objects.filter(pk__in=ids)
    rows = attempts.defer("response_headers", "response_excerpt")
    return {row.webhook_data_id: row for row in rows}


def _ahead(data: Sequence[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, {"rows": list(data), "most": COUNTED})
        return dict(cursor.fetchall())


def _items(data: Sequence[int]) -> dict[int, ReplayItem]:
    """Of several replays the last one's."""
    items = ReplayItem.objects.filter(webhook_data__in=data).select_related("replay")
    return {item.webhook_data_id: item for item in items.order_by("pk")}
