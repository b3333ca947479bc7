"""What came of a replay's requests: kept for a moment, and recorded in groups."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from apps.webhooks.engine.arrays import array
from apps.webhooks.engine.settle import Settlement, columns
from apps.webhooks.engine.statements import Statement

# A commit costs more than many rows, and the processor that live traffic needs too;
# what waits for company is sent again if the worker dies now.
GROUP_SECONDS: Final = 0.05
# Rows that a pump records at this moment are left for the next time: waiting for them
# could be for ever, as it may lock the same rows in another order. The attempt counts
# neither for health nor for the cutoff. Undelivered data is the flusher's again, in
# its next execution. Attempts, items and the replay's sums are one statement, so that
# the sums are right wherever a worker dies. The ids are said twice, for whatever the
# tables' statistics say: by the join alone all that waits could be read.
RECORD: Final = Statement(
    name="webhooks_record_replay",
    parameters="""replay bigint, ends bool[], data bigint[], webhook bigint[],
        token bigint[], execution bigint[], number int[], accepted bool[],
        started_us bigint[], cause text[], status int[], dns_us int[],
        connect_us int[], tls_us int[], first_byte_us int[], total_us int[],
        peer text[], body_bytes int[], sent_bytes int[], certificate_ends bigint[],
        headers text[], excerpt bytea[], next_try_us bigint[]""",
    columns="data bigint",
    text="""
WITH free AS MATERIALIZED (
    SELECT id FROM webhooks_webhookdata WHERE id = ANY(%(data)s)
    FOR UPDATE SKIP LOCKED
), result AS MATERIALIZED (
    SELECT r.* FROM unnest(
        %(ends)s, %(data)s, %(webhook)s, %(token)s, %(execution)s, %(number)s,
        %(accepted)s, %(started_us)s, %(cause)s, %(status)s, %(dns_us)s,
        %(connect_us)s, %(tls_us)s, %(first_byte_us)s, %(total_us)s, %(peer)s,
        %(body_bytes)s, %(sent_bytes)s, %(certificate_ends)s, %(headers)s, %(excerpt)s,
        %(next_try_us)s)
    AS r(ends, data, webhook, token, execution, number, accepted, started_us, cause,
         status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer, body_bytes,
         sent_bytes, certificate_ends, headers, excerpt, next_try_us)
    JOIN free ON free.id = r.data
), logged AS (
    INSERT INTO webhooks_deliveryattempt (
        webhook_data_id, webhook_id, token, execution, number, started_at, cause,
        status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
        body_bytes, sent_bytes, certificate_ends_at, response_headers,
        response_excerpt, kind)
    SELECT data, webhook, token, execution, number,
        timestamptz 'epoch' + started_us * interval '1 microsecond', cause, status,
        dns_us, connect_us, tls_us, first_byte_us, total_us, peer::inet, body_bytes,
        sent_bytes, to_timestamp(certificate_ends), headers, excerpt, 1
    FROM result
), told AS (
    UPDATE webhooks_webhookdata d SET attempts = d.attempts + 1,
        state = CASE WHEN r.accepted THEN 2 WHEN d.state = 5 THEN 1 ELSE d.state END,
        delivered_at = CASE WHEN r.accepted AND d.state <> 2 THEN clock_timestamp()
                            ELSE d.delivered_at END,
        last_execution = CASE WHEN d.state IN (1, 5) AND NOT r.accepted THEN coalesce((
            SELECT id FROM webhooks_flusherexecution WHERE webhook_id IS NULL
            ORDER BY id DESC LIMIT 1), 0) ELSE d.last_execution END
    FROM result r WHERE d.id = ANY(%(data)s) AND d.id = r.data
), ended AS (
    UPDATE webhooks_replayitem i SET ended_at = clock_timestamp(),
        state = CASE WHEN r.accepted THEN 1 ELSE 2 END
    FROM result r
    WHERE i.replay_id = %(replay)s AND i.webhook_data_id = ANY(%(data)s)
      AND i.webhook_data_id = r.data AND i.state = 0 AND r.ends
    RETURNING i.state
), summed AS (
    UPDATE webhooks_replay SET
        delivered = delivered + (SELECT count(*) FROM ended WHERE ended.state = 1),
        failed = failed + (SELECT count(*) FROM ended WHERE ended.state = 2)
    WHERE id = %(replay)s
)
SELECT result.data FROM result
""",
)


class Result(NamedTuple):
    """One attempt; with `ends` its item is not tried again in this replay."""

    ends: bool
    settlement: Settlement


class Results:
    """Those of one replay's turn that are not recorded yet."""

    def __init__(self, replay: int) -> None:
        self._replay = replay
        self._waiting: list[Result] = []
        self._since = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def in_hand(self) -> list[int]:
        """The ids that are not to be sent again meanwhile."""
        return [each.settlement.data for each in self._waiting]

    def add(self, settlement: Settlement, *, ends: bool) -> None:
        """Keep one."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(Result(ends, settlement))

    def record(self, *, insist: bool = False) -> None:
        """Record them, if they have waited long enough or `insist`.

        Those that cannot be recorded now are kept.
        """
        if not self._waiting:
            return
        if not insist and time.monotonic() - self._since < GROUP_SECONDS:
            return
        done = record(self._replay, self._waiting)
        self._waiting = [
            each for each in self._waiting if each.settlement.data not in done
        ]


def record(replay: int, results: Sequence[Result]) -> set[int]:
    """Record attempts and what came of their items; the ids of those that could be.

    An item that had ended before is not counted again.
    """
    settlements = [each.settlement for each in results]
    values = {
        **columns("", Settlement, settlements),
        "replay": replay,
        "ends": array([each.ends for each in results]),
    }
    with connection.cursor() as cursor:
        RECORD.run(cursor, values)
        return {data for (data,) in cursor.fetchall()}
