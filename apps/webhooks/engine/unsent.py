"""The SQL of reading work: the oldest unsent rows of webhooks, and their payloads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from django.db import connection

from apps.webhooks.engine.arrays import array
from apps.webhooks.engine.statements import Statement

# Ordered twice: the joins after the first ORDER BY may mix what it has ordered.
READ: Final = Statement(
    name="webhooks_read_unsent",
    parameters="""webhooks bigint[], executions bigint[], rooms int[],
        in_hand bigint[], inline int""",
    columns="""webhook_id bigint, id bigint, event_id bigint, attempts int,
        size int, token text, payload text, is_cfonb bool, extra text,
        has_extra bool""",
    text="""
SELECT d.webhook_id, d.id, d.event_id, d.attempts,
    e.payload_size + coalesce(octet_length(d.extra), 0), u.token,
    CASE WHEN e.payload_size <= %(inline)s THEN coalesce(e.cfonb, e.payload) END,
    e.cfonb IS NOT NULL,
    CASE WHEN octet_length(d.extra) <= %(inline)s THEN d.extra END,
    d.extra IS NOT NULL
FROM unnest(%(webhooks)s, %(executions)s, %(rooms)s)
    AS lane(webhook_id, execution, room)
CROSS JOIN LATERAL (
    SELECT * FROM webhooks_webhookdata d
    WHERE d.state = 1 AND d.webhook_id = lane.webhook_id
      AND d.last_execution < lane.execution
      AND d.id NOT IN (SELECT * FROM unnest(%(in_hand)s))
    ORDER BY d.last_execution, d.id LIMIT lane.room) d
JOIN event_log_event e ON e.id = d.event_id
LEFT JOIN event_log_enduser u ON u.id = e.user_id
ORDER BY d.last_execution, d.id
""",
)
_PAYLOADS: Final = """
SELECT id, coalesce(cfonb, payload) FROM event_log_event WHERE id = ANY(%s)
"""
_EXTRAS: Final = """
SELECT id, extra FROM webhooks_webhookdata WHERE id = ANY(%s)
"""
# Payloads up to this size come along with their rows; larger ones are read when
# their turn has come, so that what waits is never all in memory. So with what
# webhooks add to them.
INLINE_BYTES: Final = 4096


class Unsent(NamedTuple):
    """One row to send.

    `id` is `id_webhook_data`, `attempts` those made before, `size` the payload's in
    bytes with what is added, `token` the user's, still sealed; `payload` None if it is
    read later, and `is_cfonb` if it is a CFONB file instead of JSON; `extra` what the
    webhook adds, None if there is nothing or it is read later.
    """

    webhook: int
    id: int
    event: int
    attempts: int
    size: int
    token: str | None
    payload: str | None
    is_cfonb: bool
    extra: str | None
    has_extra: bool


def read_unsent(
    lanes: Iterable[tuple[int, int, int]], in_hand: Sequence[int]
) -> list[Unsent]:
    """The oldest unsent rows of each (webhook, execution, room), least tried first.

    A row is offered once per execution; `in_hand` are rows read before.
    """
    webhooks, executions, rooms = zip(*lanes, strict=True)
    with connection.cursor() as cursor:
        READ.run(
            cursor,
            {
                "webhooks": array(webhooks),
                "executions": array(executions),
                "rooms": array(rooms),
                "in_hand": array(in_hand),
                "inline": INLINE_BYTES,
            },
        )
        return list(map(Unsent._make, cursor.fetchall()))


def read_payloads(events: Sequence[int]) -> dict[int, str | None]:
    """The payloads of events; None once retention or erasure has removed one."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYLOADS, [list(events)])
        return dict(cursor.fetchall())


def read_extras(rows: Sequence[int]) -> dict[int, str | None]:
    """What webhooks add to the payloads of rows; None once that was removed."""
    with connection.cursor() as cursor:
        cursor.execute(_EXTRAS, [list(rows)])
        return dict(cursor.fetchall())
