"""Settlement: one statement that records what came of many requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from django.db import connection

from apps.webhooks.engine.arrays import array
from apps.webhooks.engine.statements import Statement

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)

# Success is absorbing: a late 2xx is a receipt whoever holds the lease now. A
# failure counts only under the current token, so a holder that lost its lease
# cannot undo anything.
# Rows are looked up by arrays of their keys, not joined: planned while the table looked
# empty (analyzed before a first great emission was committed), a join read all of it.
SETTLE: Final = Statement(
    name="webhooks_settle",
    parameters="""data bigint[], webhook bigint[], token bigint[], execution bigint[],
        number int[], accepted bool[], started_us bigint[], cause text[], status int[],
        dns_us int[], connect_us int[], tls_us int[], first_byte_us int[],
        total_us int[], peer text[], body_bytes int[], sent_bytes int[],
        certificate_ends bigint[], headers text[], excerpt bytea[],
        next_try_us bigint[],
        lane_webhook bigint[], lane_token bigint[], lane_failures int[],
        lane_timeouts int[], lane_careful_left int[], lane_cut_off bool[],
        lane_rest_us bigint[],
        tally_webhook bigint[], tally_attempts int[], tally_accepted int[],
        tally_duration_us bigint[]""",
    text="""
WITH outcome AS MATERIALIZED (
    SELECT * FROM unnest(
        %(data)s, %(webhook)s, %(token)s, %(execution)s, %(number)s, %(accepted)s,
        %(started_us)s, %(cause)s, %(status)s, %(dns_us)s, %(connect_us)s, %(tls_us)s,
        %(first_byte_us)s, %(total_us)s, %(peer)s, %(body_bytes)s, %(sent_bytes)s,
        %(certificate_ends)s, %(headers)s, %(excerpt)s, %(next_try_us)s)
    AS o(data, webhook, token, execution, number, accepted, started_us, cause,
         status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
         body_bytes, sent_bytes, certificate_ends, headers, excerpt, next_try_us)
), logged AS (
    INSERT INTO webhooks_deliveryattempt (
        webhook_data_id, webhook_id, token, execution, number, started_at, cause,
        status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
        body_bytes, sent_bytes, certificate_ends_at, response_headers,
        response_excerpt, next_try_at)
    SELECT data, webhook, token, execution, number,
        timestamptz 'epoch' + started_us * interval '1 microsecond', cause, status,
        dns_us, connect_us, tls_us, first_byte_us, total_us, peer::inet, body_bytes,
        sent_bytes, to_timestamp(certificate_ends), headers, excerpt,
        timestamptz 'epoch' + next_try_us * interval '1 microsecond'
    FROM outcome
), refused AS MATERIALIZED (
    SELECT o.data, o.execution FROM outcome o
    WHERE NOT o.accepted
      AND o.data <> ALL (ARRAY(SELECT data FROM outcome WHERE accepted))
      AND (SELECT l.token = o.token FROM webhooks_lease l
           WHERE l.webhook_id = o.webhook)
), counted AS (
    UPDATE webhooks_lease l SET consecutive_failures = lane.failures,
        timeouts = lane.timeouts, careful_left = lane.careful_left,
        cut_off_at = CASE WHEN lane.cut_off THEN clock_timestamp() END,
        rest_until = timestamptz 'epoch' + lane.rest_us * interval '1 microsecond'
    FROM unnest(%(lane_webhook)s, %(lane_token)s, %(lane_failures)s,
                %(lane_timeouts)s, %(lane_careful_left)s, %(lane_cut_off)s,
                %(lane_rest_us)s)
        AS lane(webhook, token, failures, timeouts, careful_left, cut_off, rest_us)
    WHERE l.webhook_id = lane.webhook AND l.token = lane.token
), tallied AS (
    INSERT INTO webhooks_healthbucket AS b
        (webhook_id, began_at, attempts, accepted, duration_us)
    SELECT webhook, date_bin('15 minutes', clock_timestamp(), timestamptz 'epoch'),
        attempts, accepted, duration_us
    FROM unnest(%(tally_webhook)s, %(tally_attempts)s, %(tally_accepted)s,
                %(tally_duration_us)s)
        AS tally(webhook, attempts, accepted, duration_us)
    ON CONFLICT (webhook_id, began_at) DO UPDATE SET
        attempts = b.attempts + excluded.attempts,
        accepted = b.accepted + excluded.accepted,
        duration_us = b.duration_us + excluded.duration_us
), delivered AS (
    UPDATE webhooks_webhookdata SET
        attempts = attempts + 1, state = 2, delivered_at = clock_timestamp()
    WHERE id = ANY (ARRAY(SELECT data FROM outcome WHERE accepted)) AND state <> 2
)
UPDATE webhooks_webhookdata d SET
    attempts = attempts + 1,
    last_execution = (SELECT execution FROM refused WHERE data = d.id LIMIT 1)
WHERE id = ANY (ARRAY(SELECT data FROM refused)) AND state <> 2
""",
)


class Settlement(NamedTuple):
    """One request's record, its fields in the order of the statement's arrays.

    Sizes in bytes, durations and instants in microseconds, but `certificate_ends` in
    seconds, of a connection that was new; `headers`, `excerpt` and
    `next_try_us` after a failure only: what an accepted request answered says
    nothing and would double the table.
    """

    data: int
    webhook: int
    token: int
    execution: int
    number: int
    accepted: bool
    started_us: int
    cause: str
    status: int | None
    dns_us: int | None
    connect_us: int | None
    tls_us: int | None
    first_byte_us: int | None
    total_us: int
    peer: str | None
    body_bytes: int
    sent_bytes: int
    certificate_ends: int | None = None
    headers: str = ""
    excerpt: bytes = b""
    next_try_us: int | None = None


class LaneState(NamedTuple):
    """The counters of a lane, to be kept with its lease; in the arrays' order."""

    webhook: int
    token: int
    failures: int
    timeouts: int
    careful_left: int
    cut_off: bool
    rest_us: int | None


class Tally(NamedTuple):
    """What a webhook's health gains; in the arrays' order."""

    webhook: int
    attempts: int
    accepted: int
    duration_us: int


NO_TALLY: Final = Tally(0, 0, 0, 0)
_Row = TypeVar("_Row", Settlement, LaneState, Tally)


def settle(
    settlements: Sequence[Settlement],
    lanes: Sequence[LaneState],
    tallies: Sequence[Tally] = (),
) -> None:
    """Record attempts, mark rows, keep counters: all of it or nothing."""
    values = {
        **columns("", Settlement, settlements),
        **columns("lane_", LaneState, lanes),
        **columns("tally_", Tally, _by_webhook(tallies)),
    }
    with connection.cursor() as cursor:
        SETTLE.run(cursor, values)


def _by_webhook(tallies: Sequence[Tally]) -> list[Tally]:
    """One of each: a pump that lost a lease and took it anew counts under both, and a
    statement that would add twice to one row is refused.
    """
    sums: dict[int, Tally] = {}
    for tally in tallies:
        _, attempts, accepted, duration = sums.get(tally.webhook, NO_TALLY)
        sums[tally.webhook] = Tally(
            tally.webhook,
            attempts + tally.attempts,
            accepted + tally.accepted,
            duration + tally.duration_us,
        )
    return list(sums.values())


def microseconds(instant: datetime) -> int:
    """Since the epoch, exactly: a float would round the signature's instant."""
    return (instant - _EPOCH) // _MICROSECOND


def printable(headers: bytes) -> str:
    """Response headers as text: latin-1 as HTTP has it; PostgreSQL refuses NUL."""
    return headers.decode("latin-1").replace("\x00", "\ufffd")


def columns(prefix: str, kind: type[_Row], rows: Sequence[_Row]) -> dict[str, str]:
    """The arrays of a statement's parameters, by name: a column of the rows each."""
    names = [prefix + field for field in kind._fields]
    if not rows:
        return dict.fromkeys(names, "{}")
    return dict(zip(names, map(array, zip(*rows, strict=True)), strict=True))
