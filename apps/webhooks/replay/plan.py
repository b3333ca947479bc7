"""What a replay would send: counted before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.webhooks.engine.gates import LIVE, open_to
from apps.webhooks.replay.filters import Filters

# More is refused: filters by date divide it.
MOST_ITEMS: Final = 1_000_000
# Requests a second.
DEFAULT_RATE: Final = 50.0
LEAST_RATE: Final = 1.0
MOST_RATE: Final = 500.0

# Deleted webhooks and those without a URL are sent nothing. Payloads that retention or
# erasure has removed cannot be sent.
SENDABLE: Final = f"""
FROM webhooks_webhookdata d
JOIN event_log_event e ON e.id = d.event_id
JOIN webhooks_webhook w ON w.id = d.webhook_id
WHERE {LIVE}
  AND (e.payload IS NOT NULL OR e.cfonb IS NOT NULL) AND
"""
# Events that the webhook would have been told of, had it been there.
MISSED: Final = f"""
FROM event_log_event e JOIN webhooks_webhook w ON w.id = %(webhook)s
WHERE e.name = w.event AND {open_to("e")}
  AND {LIVE}
  AND (e.payload IS NOT NULL OR e.cfonb IS NOT NULL)
  AND e.created_at >= %(since)s AND e.created_at < %(until)s
  AND NOT EXISTS (SELECT 1 FROM webhooks_webhookdata d
                  WHERE d.event_id = e.id AND d.webhook_id = w.id)
  AND NOT EXISTS (SELECT 1 FROM event_log_enduser u
                  WHERE u.id = e.user_id AND u.permanent_at IS NULL)
"""
_SUMMARY: Final = """
SELECT count(*), min(created_at), max(created_at), coalesce(sum(payload_size), 0)
FROM (SELECT {date} AS created_at, e.payload_size {chosen} LIMIT {most}) AS chosen
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many webhook data, from when to when, and how much: bytes before gzip."""

    count: int
    oldest: datetime | None
    newest: datetime | None
    size: int

    def seconds(self, rate: float) -> float:
        """How long sending it takes at so many a second, if the receivers keep up."""
        return self.count / rate


def plan(filters: Filters) -> Plan:
    """What a replay of these would be now."""
    condition, parameters = filters.conditions
    return _summary("d.created_at", SENDABLE + condition, parameters)


def plan_backfill(webhook: int, since: datetime, until: datetime) -> Plan:
    """What filling in the events from before a webhook would be now."""
    bounds = {"webhook": webhook, "since": since, "until": until}
    return _summary("e.created_at", MISSED, bounds)


def _summary(date: str, chosen: str, parameters: dict[str, Any]) -> Plan:
    statement = _SUMMARY.format(date=date, chosen=chosen, most=MOST_ITEMS + 1)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        count, oldest, newest, size = cursor.fetchone()
    return Plan(count=count, oldest=oldest, newest=newest, size=int(size))
