"""The SQL of a replay's turns: whose turn, what is waiting, what came of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from apps.webhooks.engine.unsent import INLINE_BYTES, Unsent

# A turn renews it several times a second, so it need only outlast a database that is
# slow for once. A process that dies leaves the replay to others after this time.
LEASE_SECONDS: Final = 15.0
_CLAIM: Final = """
UPDATE webhooks_replay SET served_at = clock_timestamp(),
    leased_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = (
    SELECT id FROM webhooks_replay r
    WHERE state = 'running'
      AND NOT EXISTS (SELECT 1 FROM webhooks_replay o
                      WHERE o.leased_until > clock_timestamp())
    ORDER BY served_at NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, rate, standing, served_at
"""
# Nothing comes back to who has been taken for dead.
_RENEW: Final = """
UPDATE webhooks_replay
SET leased_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = %(replay)s AND served_at = %(served_at)s
RETURNING state = 'running'
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
# What a replay has in hand no pump takes in this execution or the next, so that it is
# not sent twice. What a pump records just now is not waited for: a wait for rows that
# are locked in another order could be for ever.
_HOLD: Final = """
UPDATE webhooks_webhookdata SET last_execution = 1 + coalesce((
    SELECT max(id) FROM webhooks_flusherexecution), 0)
WHERE id IN (SELECT id FROM webhooks_webhookdata WHERE id = ANY(%(data)s) AND state = 1
             FOR UPDATE SKIP LOCKED)
"""
_SKIP: Final = """
WITH ended AS (
    UPDATE webhooks_replayitem SET state = 3, ended_at = clock_timestamp()
    WHERE replay_id = %(replay)s AND webhook_data_id = ANY(%(data)s) AND state = 0
    RETURNING webhook_data_id
), dropped AS (
    UPDATE webhooks_webhookdata d SET state = 3 FROM ended
    WHERE d.id = ended.webhook_data_id AND d.state = 5
)
UPDATE webhooks_replay SET skipped = skipped + (SELECT count(*) FROM ended)
WHERE id = %(replay)s
"""
_PUT_DOWN: Final = """
UPDATE webhooks_replay SET leased_until = NULL, standing = %(standing)s::jsonb
WHERE id = %(replay)s AND served_at = %(served_at)s
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
    """A replay whose turn it is since `served_at`; `standing` by webhook."""

    id: int
    rate: float
    standing: dict[str, Any]
    served_at: datetime


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
    return Claimed(row[0], row[1], json.loads(row[2]), row[3]) if row else None


def renew(claimed: Claimed) -> bool:
    """Keep it for longer; is it still running, and this process's?"""
    values = {**_this(claimed), "seconds": LEASE_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, values)
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def put_down(claimed: Claimed, standing: str) -> None:
    """Leave it to the next turn; `standing` as JSON."""
    values = {**_this(claimed), "standing": standing}
    with connection.cursor() as cursor:
        cursor.execute(_PUT_DOWN, values)


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


def hold(data: Sequence[int]) -> None:
    """Keep pumps from what is about to be sent."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"data": list(data)})


def skip(replay: int, data: Sequence[int]) -> None:
    """Items that are not to be sent any more.

    What was made for the replay will then never be sent: it is cancelled.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SKIP, {"replay": replay, "data": list(data)})


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


def _this(claimed: Claimed) -> dict[str, Any]:
    """Parameters: the replay, and whose it is."""
    return {"replay": claimed.id, "served_at": claimed.served_at}
