"""Settlement: one statement that records what came of many requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from apps.outbound.outcome import Outcome

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)

# Success is absorbing: a late 2xx is a receipt whoever holds the lease now. A
# failure counts only under the current token, so a holder that lost its lease
# cannot undo anything.
_SETTLE: Final = """
WITH outcome AS MATERIALIZED (
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[],
        %s::bool[], %s::bigint[], %s::text[], %s::int[], %s::int[], %s::int[],
        %s::int[], %s::int[], %s::int[], %s::text[], %s::int[], %s::int[],
        %s::text[], %s::bytea[], %s::bigint[])
    AS o(data, webhook, token, execution, number, accepted, started_us, cause,
         status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
         body_bytes, sent_bytes, headers, excerpt, next_try_us)
), logged AS (
    INSERT INTO webhooks_deliveryattempt (
        webhook_data_id, webhook_id, token, execution, number, started_at, cause,
        status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
        body_bytes, sent_bytes, response_headers, response_excerpt, next_try_at)
    SELECT data, webhook, token, execution, number,
        timestamptz 'epoch' + started_us * interval '1 microsecond', cause, status,
        dns_us, connect_us, tls_us, first_byte_us, total_us, peer::inet, body_bytes,
        sent_bytes, headers, excerpt,
        timestamptz 'epoch' + next_try_us * interval '1 microsecond'
    FROM outcome
), counted AS (
    UPDATE webhooks_lease l SET consecutive_failures = lane.failures,
        timeouts = lane.timeouts, careful_left = lane.careful_left,
        cut_off_at = CASE WHEN lane.cut_off THEN clock_timestamp() END,
        rest_until = timestamptz 'epoch' + lane.rest_us * interval '1 microsecond'
    FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::int[],
                %s::bool[], %s::bigint[])
        AS lane(webhook, token, failures, timeouts, careful_left, cut_off, rest_us)
    WHERE l.webhook_id = lane.webhook AND l.token = lane.token
)
UPDATE webhooks_webhookdata d SET
    attempts = d.attempts + 1,
    state = CASE WHEN o.accepted THEN 2 ELSE d.state END,
    delivered_at = CASE WHEN o.accepted THEN clock_timestamp() END,
    last_execution = CASE WHEN o.accepted THEN d.last_execution ELSE o.execution END
FROM outcome o
WHERE d.id = o.data AND d.state <> 2
  AND (o.accepted OR EXISTS (SELECT 1 FROM webhooks_lease l
                             WHERE l.webhook_id = o.webhook AND l.token = o.token))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One request's record. Sizes in bytes; `next_try_at` after a failure only."""

    data: int
    webhook: int
    token: int
    execution: int
    number: int
    started_at: datetime
    outcome: Outcome
    body_bytes: int
    sent_bytes: int
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """The counters of a lane, to be kept with its lease."""

    webhook: int
    token: int
    failures: int
    timeouts: int
    careful_left: int
    cut_off: bool
    rest_until: datetime | None


def settle(settlements: Sequence[Settlement], lanes: Iterable[LaneState]) -> None:
    """Record attempts, mark rows, keep counters: all of it or nothing."""
    columns = [_array(column, settlements) for column in _SETTLEMENT_COLUMNS]
    states = list(lanes)
    columns += [_array(column, states) for column in _LANE_COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, columns)


def microseconds(instant: datetime) -> int:
    """Since the epoch, exactly: a float would round the signature's instant."""
    return (instant - _EPOCH) // _MICROSECOND


def _array(column: Callable[[Any], object], items: Sequence[Any]) -> str:
    """A PostgreSQL array literal: one parameter instead of one per value."""
    return "{" + ",".join([_element(column(item)) for item in items]) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return str(microseconds(value))
    text = "\\x" + value.hex() if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _printable(headers: bytes) -> str:
    """Response headers as text: latin-1 as HTTP has it; PostgreSQL refuses NUL."""
    return headers.decode("latin-1").replace("\x00", "\ufffd")


# In the order of the statement's arrays. What an accepted request answered is not
# kept: it says nothing and would double the table.
_SETTLEMENT_COLUMNS: Final[tuple[Callable[[Settlement], object], ...]] = (
    lambda s: s.data,
    lambda s: s.webhook,
    lambda s: s.token,
    lambda s: s.execution,
    lambda s: s.number,
    lambda s: s.outcome.accepted,
    lambda s: s.started_at,
    lambda s: s.outcome.cause.value,
    lambda s: s.outcome.status,
    lambda s: s.outcome.timing.dns_us,
    lambda s: s.outcome.timing.connect_us,
    lambda s: s.outcome.timing.tls_us,
    lambda s: s.outcome.timing.first_byte_us,
    lambda s: s.outcome.timing.total_us,
    lambda s: s.outcome.peer,
    lambda s: s.body_bytes,
    lambda s: s.sent_bytes,
    lambda s: "" if s.outcome.accepted else _printable(s.outcome.headers),
    lambda s: b"" if s.outcome.accepted else s.outcome.excerpt,
    lambda s: s.next_try_at,
)
_LANE_COLUMNS: Final[tuple[Callable[[LaneState], object], ...]] = (
    lambda lane: lane.webhook,
    lambda lane: lane.token,
    lambda lane: lane.failures,
    lambda lane: lane.timeouts,
    lambda lane: lane.careful_left,
    lambda lane: lane.cut_off,
    lambda lane: lane.rest_until,
)
