"""A page of the list of deliveries: the candidates that meet all criteria."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from apps.webhooks.console.badges import Badge, of_cause, of_state
from apps.webhooks.console.deliveries.bounds import bounds_of
from apps.webhooks.console.deliveries.candidates import PAGE, candidates
from apps.webhooks.console.deliveries.criteria import STATES, Criteria

SHOWN: Final = PAGE - 1
# Most lists need no more than the first; the rest is for rare combinations.
_STEPS: Final = (200, 2_000)

_CONDITIONS: Final = {
    "event": "e.name = %(event)s",
    "webhook": "d.webhook_id = %(webhook)s",
    "user": "e.user_id = %(user)s",
    "of_event": "d.event_id = %(of_event)s",
    "origin": "e.origin = %(origin)s",
    "since": "d.created_at >= %(since)s",
    "until": "d.created_at < %(until)s",
    "status": """EXISTS (SELECT 1 FROM webhooks_deliveryattempt a
        WHERE a.webhook_data_id = d.id AND a.status = %(status)s)""",
}
_FAILURE: Final = """EXISTS (SELECT 1 FROM webhooks_deliveryattempt a
    WHERE a.webhook_data_id = d.id AND a.cause = %(cause)s
      AND coalesce(a.status / 100, 0) = %(klass)s)"""
# The last attempt of each row that is shown, not of each that is looked at.
_ROWS: Final = """
SELECT found.*, last.cause, last.status, last.total_us, last.next_try_at
FROM (
    SELECT d.id, d.state, d.attempts, d.created_at, d.delivered_at, d.webhook_id,
        w.url, d.event_id, e.name AS event, e.user_id, e.origin, e.payload_size
    FROM webhooks_webhookdata d
    JOIN event_log_event e ON e.id = d.event_id
    JOIN webhooks_webhook w ON w.id = d.webhook_id
    WHERE d.id = ANY(%(ids)s) {conditions}
    ORDER BY d.id DESC LIMIT %(rows)s
) found
LEFT JOIN LATERAL (
    SELECT a.cause, a.status, a.total_us, a.next_try_at
    FROM webhooks_deliveryattempt a WHERE a.webhook_data_id = found.id
    ORDER BY a.webhook_data_id DESC, a.id DESC LIMIT 1
) last ON true
ORDER BY found.id DESC
"""


class Row(NamedTuple):
    """A line of the list. `cause` and what follows are of the last attempt."""

    id: int
    state: int
    attempts: int
    created_at: datetime
    delivered_at: datetime | None
    webhook: int
    url: str | None
    of_event: int
    event: str
    user: int | None
    origin: str
    payload_size: int
    cause: str | None
    status: int | None
    total_us: int | None
    next_try_at: datetime | None

    @property
    def badge(self) -> Badge:
        """Its state."""
        return of_state(self.state, attempts=self.attempts)

    @property
    def outcome(self) -> Badge | None:
        """How the last attempt ended."""
        return of_cause(self.cause, self.status) if self.cause else None

    @property
    def short_url(self) -> str:
        """Without the scheme, which all of them have."""
        return (self.url or "").partition("://")[2]

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took."""
        return None if self.total_us is None else self.total_us / 1e6


class Found(NamedTuple):
    """A page. `next_before`: from where the older ones are; None at the end.

    `is_partial`: not as many as fit, for there are more candidates than are looked at
    at once; the search goes on at `next_before`.
    """

    rows: list[Row]
    next_before: int | None
    is_partial: bool


def find(criteria: Criteria, before: int | None = None, size: int = SHOWN) -> Found:
    """The newest deliveries below the id `before` that meet the criteria."""
    bounds = bounds_of(criteria.since, criteria.until, before)
    ids, is_all, met = candidates(criteria, bounds)
    unmet = criteria.given - met
    rows: list[Row] = []
    for some in _parts(ids):
        rows += _rows(criteria, unmet, some, size + 1 - len(rows))
        if len(rows) > size:
            return Found(rows[:size], rows[size - 1].id, is_partial=False)
    if is_all or not ids:
        return Found(rows, None, is_partial=False)
    return Found(rows, ids[-1], is_partial=True)


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    began = 0
    for end in (*_STEPS, len(ids)):
        if began < len(ids):
            yield ids[began:end]
        began = max(began, end)


def _rows(
    criteria: Criteria, unmet: set[str], ids: Sequence[int], most: int
) -> list[Row]:
    conditions, parameters = _conditions(criteria, unmet)
    statement = _ROWS.format(conditions="".join(f" AND {each}" for each in conditions))
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "ids": list(ids), "rows": most})
        return [Row._make(row) for row in cursor.fetchall()]


def _conditions(
    criteria: Criteria, unmet: set[str]
) -> tuple[list[str], dict[str, Any]]:
    names = [name for name in _CONDITIONS if name in unmet]
    conditions = [_CONDITIONS[name] for name in names]
    parameters: dict[str, Any] = {name: getattr(criteria, name) for name in names}
    if "state" in unmet:
        conditions.append(f"({STATES[criteria.state]})")
    if "outcome" in unmet and criteria.failure is not None:
        conditions.append(_FAILURE)
        parameters["cause"], parameters["klass"] = criteria.failure
    return conditions, parameters
