"""The SQL of a replay's turns: whose turn, what is waiting, what came of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection

from apps.webhooks.engine.settle import Settlement
from apps.webhooks.engine.unsent import INLINE_BYTES, Unsent

# Longer than a turn and the longest request in it. A process that dies leaves the
# replay to others after this time.
LEASE_SECONDS: Final = 60.0
_CLAIM: Final = """
UPDATE webhooks_replay SET served_at = clock_timestamp(),
    leased_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = (
    SELECT id FROM webhooks_replay r
    WHERE state = 'running'
      AND NOT EXISTS (SELECT 1 FROM webhooks_replay o
                      WHERE o.leased_until > clock_timestamp())
    ORDER BY served_at NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, rate, standing
"""
_WAITING: Final = """
SELECT i.was, d.state, d.webhook_id, d.id, d.event_id, d.attempts,
    e.payload_size + coalesce(octet_length(d.extra), 0), u.token,
    CASE WHEN e.payload_size <= %(inline)s THEN coalesce(e.cfonb, e.payload) END,
    e.cfonb IS NOT NULL, d.extra, d.extra IS NOT NULL
FROM webhooks_replayitem i
JOIN webhooks_webhookdata d ON d.id = i.webhook_data_id
JOIN event_log_event e ON e.id = d.event_id
LEFT JOIN event_log_enduser u ON u.id = e.user_id
WHERE i.replay_id = %(replay)s AND i.state = 0
  AND i.webhook_id <> ALL(%(not_of)s) AND i.webhook_data_id <> ALL(%(in_hand)s)
ORDER BY i.webhook_data_id LIMIT %(most)s
"""
_END: Final = """
WITH ended AS (
    UPDATE webhooks_replayitem SET state = %(state)s, ended_at = clock_timestamp()
    WHERE replay_id = %(replay)s AND webhook_data_id = ANY(%(data)s) AND state = 0
    RETURNING webhook_data_id, state
), dropped AS (
    UPDATE webhooks_webhookdata d SET state = 3 FROM ended
    WHERE ended.state = 3 AND d.id = ended.webhook_data_id AND d.state = 5
)
UPDATE webhooks_replay SET
    delivered = delivered + (SELECT count(*) FROM ended WHERE state = 1),
    failed = failed + (SELECT count(*) FROM ended WHERE state = 2),
    skipped = skipped + (SELECT count(*) FROM ended WHERE state = 3)
WHERE id = %(replay)s
"""
# One row at a time: the pump may record the same rows, and in another order. The
# attempt counts neither for health nor for the cutoff. What only the replay knew
# becomes the flusher's when it was not accepted.
_RECORD: Final = """
WITH logged AS (
    INSERT INTO webhooks_deliveryattempt (
        webhook_data_id, webhook_id, token, execution, number, started_at, cause,
        status, dns_us, connect_us, tls_us, first_byte_us, total_us, peer,
        body_bytes, sent_bytes, response_headers, response_excerpt, kind)
    VALUES (%(data)s, %(webhook)s, %(token)s, %(execution)s, %(number)s,
        timestamptz 'epoch' + %(started_us)s * interval '1 microsecond', %(cause)s,
        %(status)s, %(dns_us)s, %(connect_us)s, %(tls_us)s, %(first_byte_us)s,
        %(total_us)s, %(peer)s, %(body_bytes)s, %(sent_bytes)s, %(headers)s,
        %(excerpt)s, 1)
)
UPDATE webhooks_webhookdata SET attempts = attempts + 1,
    state = CASE WHEN %(accepted)s THEN 2 WHEN state = 5 THEN 1 ELSE state END,
    delivered_at = CASE WHEN %(accepted)s AND state <> 2 THEN clock_timestamp()
                        ELSE delivered_at END,
    last_execution = CASE WHEN state = 5 AND NOT %(accepted)s THEN coalesce((
        SELECT id FROM webhooks_flusherexecution WHERE webhook_id IS NULL
        ORDER BY id DESC LIMIT 1), 0) ELSE last_execution END
WHERE id = %(data)s
"""
_PUT_DOWN: Final = """
UPDATE webhooks_replay SET leased_until = NULL, standing = %(standing)s::jsonb
WHERE id = %(replay)s
"""
_FINISH: Final = """
UPDATE webhooks_replay SET state = %(state)s, remark = %(remark)s,
    ended_at = CASE WHEN %(state)s = 'done' THEN clock_timestamp() END
WHERE id = %(replay)s AND state = 'running'
"""
_RUNNING: Final = """
SELECT EXISTS (SELECT 1 FROM webhooks_replay WHERE state = 'running')
   AND NOT EXISTS (SELECT 1 FROM webhooks_replay
                   WHERE leased_until > clock_timestamp())
"""
# What was made for a replay alone ends with it.
_DROP: Final = """
UPDATE webhooks_webhookdata d SET state = 3
FROM webhooks_replay r JOIN webhooks_replayitem i ON i.replay_id = r.id
WHERE r.state = 'cancelled' AND r.ended_at > clock_timestamp() - interval '1 hour'
  AND r.leased_until IS NULL
  AND i.state = 0 AND d.id = i.webhook_data_id AND d.state = 5
"""


class Claimed(NamedTuple):
    """A replay whose turn it is. `standing` by webhook, as recorded."""

    id: int
    rate: float
    standing: dict[str, Any]


class Waiting(NamedTuple):
    """An item to send: its row, what its state was when chosen, and what it is now."""

    was: int
    state: int
    row: Unsent


def claim() -> Claimed | None:
    """The running replay that has waited longest, unless another process has one."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        row = cursor.fetchone()
    return Claimed(row[0], row[1], json.loads(row[2])) if row else None


def put_down(replay: int, standing: str) -> None:
    """Leave it to the next turn; `standing` as JSON."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_DOWN, {"replay": replay, "standing": standing})


def waiting(
    replay: int, most: int, *, not_of: Collection[int], in_hand: Collection[int]
) -> list[Waiting]:
    """The oldest items that are waiting, without those of some webhooks."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING,
            {
                "replay": replay,
                "most": most,
                "not_of": list(not_of),
                "in_hand": list(in_hand),
                "inline": INLINE_BYTES,
            },
        )
        return [Waiting(was, now, Unsent(*row)) for was, now, *row in cursor.fetchall()]


def record(settlement: Settlement) -> None:
    """Record one attempt."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, settlement._asdict())


def end(replay: int, data: Sequence[int], state: int) -> None:
    """Items have ended; those that had before are not counted again.

    What was made for the replay and is skipped will never be sent: it is cancelled.
    """
    with connection.cursor() as cursor:
        cursor.execute(_END, {"replay": replay, "data": list(data), "state": state})


def finish(replay: int, state: str, remark: str = "") -> None:
    """The replay is done, or pauses itself."""
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, {"replay": replay, "state": state, "remark": remark})


def are_running() -> bool:
    """Is there a replay for somebody to take a turn of?"""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        return bool(cursor.fetchone()[0])


def drop_cancelled() -> None:
    """Cancel what was made for replays that have been cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP)
