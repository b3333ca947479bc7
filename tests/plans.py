"""Plans as they are when tables are large, of tables that are not."""

from __future__ import annotations

from typing import Final

from django.db import connection

ROWS: Final = 10_000_000
# The planner counts the pages that there are, and multiplies them by the rows that a
# page has: so many in each will do, in a table of a few rows.
_LARGE: Final = [
    "webhooks_webhookdata", "webhooks_deliveryattempt", "event_log_event",
    "webhooks_healthbucket",
]  # fmt: skip
_PRETEND: Final = """
UPDATE pg_class SET reltuples = %s, relpages = %s
WHERE relkind = 'r' AND relname = ANY(%s)
"""


def pretend_large() -> None:
    """Until the end of the transaction. None of these tables may be empty."""
    _pretend(ROWS, 1, _LARGE)


def pretend_empty() -> None:
    """As if the tables had been analyzed before what fills them was committed."""
    _pretend(0, 1, _LARGE)


def pretend_new(table: str) -> None:
    """As if nobody had looked yet: a table known to be empty is read as a whole."""
    _pretend(-1, 0, [table])


def _pretend(rows: int, pages: int, tables: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PRETEND, [rows, pages, tables])


def plan_of(statement: str, parameters: object = None) -> str:
    """How PostgreSQL would run it."""
    with connection.cursor() as cursor:
        # Past those who listen to what is executed: they may be who asks.
        cursor.cursor.execute(f"EXPLAIN {statement}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())
