"""What the dashboard tells, each part by a query that an index bounds.

At ten million rows too: the queue by its partial index and up to 10,000 rows, the
failures by theirs and up to 1,000, health by settlement's quarter hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from apps.webhooks.causes import Plain, explain
from apps.webhooks.console.charts import Bar
from apps.webhooks.console.paging import CappedCount
from apps.webhooks.rules.health import Health

COUNTED: Final = 10_000
FAILURES_READ: Final = 1_000
ATTEMPTS_READ: Final = 1_000
GROUPS: Final = 8

# In the index's order: the planner would otherwise read the table from its start,
# where everything was delivered long ago, hoping to meet enough rows soon.
_BACKLOG: Final = """
SELECT count(*), min(created_at) FROM (
    SELECT created_at FROM webhooks_webhookdata WHERE state = 1
    ORDER BY webhook_id, last_execution, id LIMIT %s) queued
"""
_QUEUED: Final = """
SELECT asked.webhook_id, (SELECT count(*) FROM (
    SELECT 1 FROM webhooks_webhookdata d
    WHERE d.state = 1 AND d.webhook_id = asked.webhook_id
    ORDER BY d.last_execution, d.id LIMIT %s) queued)
FROM unnest(%s::bigint[]) AS asked(webhook_id)
"""
_HEALTH: Final = """
SELECT date_bin(%s, began_at, timestamptz 'epoch') AS began,
    sum(attempts)::bigint, sum(accepted)::bigint, sum(duration_us)::bigint
FROM webhooks_healthbucket WHERE began_at >= %s {of_one}
GROUP BY began ORDER BY began
"""
# Of each span its last attempts: of a thousand, the 950th fastest is as good as known.
_SLOW: Final = """
SELECT span.began, (
    SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY total_us) FROM (
        SELECT total_us, kind FROM webhooks_deliveryattempt
        WHERE webhook_id = %s AND started_at >= span.began
          AND started_at < span.began + %s
        ORDER BY started_at DESC LIMIT %s) latest
    WHERE kind = 0)
FROM unnest(%s::timestamptz[]) AS span(began)
"""
_HOURLY: Final = """
SELECT webhook_id, date_bin('1 hour', began_at, timestamptz 'epoch') AS began,
    sum(attempts)::bigint, sum(attempts - accepted)::bigint
FROM webhooks_healthbucket WHERE webhook_id = ANY(%s) AND began_at >= %s
GROUP BY webhook_id, began
"""
_RECENT_FAILURES: Final = """
    SELECT id, webhook_id, webhook_data_id, cause, status, started_at
    FROM webhooks_deliveryattempt WHERE cause <> 'accepted'
    ORDER BY id DESC LIMIT %s
"""
# Of one, its last attempts are read, and those of them that failed: without an end
# that an index gives, one that hardly ever fails would have all of its read.
_FAILURES_OF_ONE: Final = """
    SELECT * FROM (
        SELECT id, webhook_id, webhook_data_id, cause, status, started_at
        FROM webhooks_deliveryattempt WHERE webhook_id = {webhook:d}
        ORDER BY started_at DESC LIMIT %s) latest
    WHERE cause <> 'accepted'
"""
_FAILURES: Final = """
WITH recent AS MATERIALIZED ({recent})
SELECT cause, status, count(*), count(DISTINCT webhook_id), max(started_at),
    max(id), max(webhook_id)
FROM recent WHERE started_at >= %s
GROUP BY cause, status ORDER BY count(*) DESC, max(id) DESC LIMIT %s
"""


class Backlog(NamedTuple):
    """What is unsent; `oldest_at` is the oldest of those counted."""

    number: CappedCount
    oldest_at: datetime | None


class Span(NamedTuple):
    """What came of the attempts of a stretch of time."""

    began_at: datetime
    health: Health


class FailureGroup(NamedTuple):
    """Attempts of the last day that failed for one reason."""

    cause: str
    status: int | None
    times: int
    webhooks: int
    last_at: datetime
    last_attempt: int
    last_webhook: int

    @property
    def plain(self) -> Plain:
        """The reason in words."""
        return explain(self.cause, self.status)


class Failures(NamedTuple):
    """The most frequent reasons; `is_capped`: of the failures that were read."""

    groups: list[FailureGroup]
    is_capped: bool


def backlog() -> Backlog:
    """How much waits, and since when."""
    ((count, oldest),) = _rows(_BACKLOG, [COUNTED + 1])
    return Backlog(CappedCount(min(count, COUNTED), count > COUNTED), oldest)


def queued(webhooks: Sequence[int]) -> dict[int, CappedCount]:
    """How much waits for each of these webhooks."""
    return {
        webhook: CappedCount(min(count, COUNTED), count > COUNTED)
        for webhook, count in _rows(_QUEUED, [COUNTED + 1, list(webhooks)])
    }


def health_over(
    window: timedelta, step: timedelta, webhook: int | None = None
) -> list[Span]:
    """All webhooks together, or one; a span for each step, empty ones included."""
    now = timezone.now()
    since = now - window
    statement = _HEALTH.format(of_one="" if webhook is None else "AND webhook_id = %s")
    parameters = [step, _floor(since, step) + step]
    found = {
        began: Health(attempts=attempts, accepted=accepted, duration_us=duration)
        for began, attempts, accepted, duration in _rows(
            statement, parameters if webhook is None else [*parameters, webhook]
        )
    }
    first = _floor(since, step) + step
    count = int((_floor(now, step) - first) / step) + 1
    return [
        Span(first + index * step, found.get(first + index * step, Health()))
        for index in range(count)
    ]


def slow_over(
    spans: Sequence[Span], step: timedelta, webhook: int
) -> list[float | None]:
    """The seconds within which 95 of 100 attempts of one webhook ended, by span.

    Of the last thousand attempts of each, replays left out as they are from health.
    """
    beginnings = [span.began_at for span in spans]
    found = dict(_rows(_SLOW, [webhook, step, ATTEMPTS_READ, beginnings]))
    return [
        None if (slow := found[began]) is None else slow / 1_000_000
        for began in beginnings
    ]


def hourly(webhooks: Sequence[int]) -> dict[int, list[Bar]]:
    """The attempts in each hour of the last day, the current one at the end."""
    hour = timedelta(hours=1)
    first = _floor(timezone.now(), hour) - 23 * hour
    found = {each: [Bar(0, 0)] * 24 for each in webhooks}
    for webhook, began, *counts in _rows(_HOURLY, [list(webhooks), first]):
        found[webhook][(began - first) // hour] = Bar(*counts)
    return found


def recent_failures(webhook: int | None = None) -> Failures:
    """By cause and status, of the last day: of all webhooks, or of one."""
    since = timezone.now() - timedelta(days=1)
    recent = (
        _RECENT_FAILURES
        if webhook is None
        else _FAILURES_OF_ONE.format(webhook=webhook)
    )
    statement = _FAILURES.format(recent=recent)
    groups = [
        FailureGroup._make(row)
        for row in _rows(statement, [FAILURES_READ, since, GROUPS])
    ]
    return Failures(groups, sum(group.times for group in groups) >= FAILURES_READ)


def total(spans: Sequence[Span]) -> Health:
    """All spans together."""
    return Health(
        attempts=sum(span.health.attempts for span in spans),
        accepted=sum(span.health.accepted for span in spans),
        duration_us=sum(span.health.duration_us for span in spans),
    )


def _floor(instant: datetime, step: timedelta) -> datetime:
    """As date_bin does, from the epoch."""
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return epoch + (instant - epoch) // step * step


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
