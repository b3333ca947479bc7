"""A year of deliveries, all of them accepted, written by the database itself.

Indexes are made when the rows are there, as a restore does: it takes a third of it.
"""

from __future__ import annotations

import shutil
from typing import Final

from benchmarks.bench import FOLDER, WEBHOOKS, Bench
from benchmarks.processes import BenchmarkError

# Table, indexes and WAL; what is there besides may need some too.
BYTES_A_ROW: Final = 1_500
USERS: Final = 100_000
PAYLOAD_BYTES: Final = 1024
CHUNK: Final = 1_000_000
_TABLES: Final = """(VALUES ('event_log_event'::regclass), ('webhooks_webhookdata'),
    ('webhooks_deliveryattempt')) AS big(id)"""
_INDEXES: Final = f"""
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN {_TABLES} ON i.indrelid = big.id
WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
_FIRST: Final = "SELECT id, name FROM event_log_event"
# When something was: all of it is of a year that ended `ended` days ago.
_AT: Final = """now() - interval '1 day'
    * (%(ended)s + 365 * (1 - g::float8 / %(rows)s))"""
# Retention may have been there: bodies are of the last `bodies` days.
_EVENTS: Final = f"""
INSERT INTO event_log_event (id, name, user_id, payload, body_removed_at,
    payload_sha256, payload_size, origin, source, created_at)
SELECT %(first)s + g, %(event)s, 1 + g %% %(users)s,
    CASE WHEN is_new THEN rpad('{{"n": "' || g, %(size)s - 2, 'x') || '"}}' END,
    CASE WHEN NOT is_new THEN at + interval '30 days' END,
    sha256(g::text::bytea), %(size)s, 'api', '', at
FROM (SELECT g, {_AT} AS at, {_AT} > now() - interval '1 day' * %(bodies)s AS is_new
      FROM generate_series(%(low)s::bigint, %(high)s) g) new
"""
# One in a hundred was refused once.
_DATA: Final = f"""
INSERT INTO webhooks_webhookdata (id, webhook_id, event_id, state, attempts,
    last_execution, created_at, delivered_at)
SELECT %(first)s * %(webhooks)s + g, 1 + g %% %(webhooks)s, %(first)s + g, 2,
    CASE WHEN g %% 100 = 0 THEN 2 ELSE 1 END, CASE WHEN g %% 100 = 0 THEN 1 ELSE -1 END,
    at, at + interval '5 milliseconds'
FROM (SELECT g, {_AT} AS at
      FROM generate_series(%(low)s::bigint, %(high)s) g) new
"""
_ATTEMPTS: Final = f"""
INSERT INTO webhooks_deliveryattempt (webhook_data_id, webhook_id, number, token,
    execution, started_at, cause, status, total_us, body_bytes, sent_bytes,
    response_headers, peer)
SELECT %(first)s * %(webhooks)s + g, 1 + g %% %(webhooks)s, n, 1, 1,
    {_AT},
    CASE WHEN is_last THEN 'accepted' ELSE 'status' END,
    CASE WHEN is_last THEN 204 ELSE 500 END, 5000, %(size)s, %(size)s,
    CASE WHEN is_last THEN '' ELSE 'Content-Length: 0' END, '192.0.2.7'
FROM generate_series(%(low)s::bigint, %(high)s) g
CROSS JOIN LATERAL (SELECT CASE WHEN g %% 100 = 0 THEN 2 ELSE 1 END AS last) told
CROSS JOIN LATERAL generate_series(1, told.last) n
CROSS JOIN LATERAL (SELECT n = told.last AS is_last) so
"""
_SEQUENCES: Final = """
SELECT setval(pg_get_serial_sequence(name::text, 'id'), last)
FROM (SELECT 'event_log_event', max(id) FROM event_log_event UNION ALL
      SELECT 'webhooks_webhookdata', max(id) FROM webhooks_webhookdata) AS s(name, last)
"""


def grow(bench: Bench, rows: int) -> None:
    """So many delivered rows between a few that are unsent, old and new."""
    _check_disk(rows)
    bench.begin()
    bench.commit(bench.emitted(1, *bench.registered()))
    ((first, event),) = bench.rows(_FIRST)
    indexes = bench.rows(_INDEXES)
    with bench.database.cursor() as cursor:
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        load(bench, event, rows, first=first)
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        # As autovacuum would have, by and by.
        cursor.execute("VACUUM (ANALYZE)")
    bench.commit(bench.emitted(5))


def load(
    bench: Bench,
    event: str,
    rows: int,
    *,
    first: int = 0,
    ended: int = 0,
    bodies: int = 30,
) -> None:
    """A year of deliveries that `ended` so many days ago, after the event `first`.

    `bodies`: those younger than so many days have theirs.
    """
    year = {
        "first": first,
        "rows": rows,
        "event": event,
        "users": USERS,
        "webhooks": WEBHOOKS,
        "size": PAYLOAD_BYTES,
        "ended": ended,
        "bodies": bodies,
    }
    with bench.database.cursor() as cursor:
        for low in range(1, rows + 1, CHUNK):
            part = {"low": low, "high": min(low + CHUNK - 1, rows)}
            for statement in (_EVENTS, _DATA, _ATTEMPTS):
                cursor.execute(statement, part | year)
        cursor.execute(_SEQUENCES)


def _check_disk(rows: int) -> None:
    free, needed = shutil.disk_usage(FOLDER).free, rows * BYTES_A_ROW
    if free < needed:
        raise BenchmarkError(
            f"{rows:,} rows need {needed / 1e9:.0f} GB, and {free / 1e9:.0f} are free."
        )
