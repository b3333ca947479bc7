"""Traces of events, kept in the transaction that emits them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection

_KEEP: Final = """
INSERT INTO tracing_eventtrace (event_id, traceparent) SELECT unnest(%s::bigint[]), %s
"""
_KEPT: Final = """
SELECT event_id, traceparent FROM tracing_eventtrace WHERE event_id = ANY(%s)
"""
# What is accepted after so long is the root of a trace of its own.
_PURGE: Final = """
DELETE FROM tracing_eventtrace WHERE event_id IN (
    SELECT event_id FROM tracing_eventtrace
    WHERE created_at < clock_timestamp() - interval '8 days' LIMIT 10000)
"""


def keep_trace(events: Sequence[int], traceparent: str) -> None:
    """Record that these events belong to a trace."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [list(events), traceparent])


def kept_traces(events: Sequence[int]) -> dict[int, str]:
    """The traceparents of those events that have one."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [list(events)])
        return dict(cursor.fetchall())


def purge_traces() -> None:
    """Drop old ones, a bounded part of them."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE)
