"""What a synchronisation has told, found again by its keys: when was it accepted?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from apps.connections.models import Connection

SOURCE: Final = "sync"
# A month of daily ones; looking further back would cost ever more.
SYNCHRONISATIONS: Final = 30
_LAST: Final = """
SELECT c.id, max(d.delivered_at)
FROM unnest(%s::bigint[], %s::bigint[]) AS c(id, number)
CROSS JOIN generate_series(greatest(c.number - %s, 0), c.number) AS s(number)
JOIN event_log_event e ON e.source = %s
 AND e.idempotency_key = concat(c.id, '.', s.number, %s)
JOIN webhooks_webhookdata d ON d.event_id = e.id AND d.state = 2
GROUP BY c.id
"""


def event_key(connection: int, number: int, name: str, about: int = 0) -> str:
    """The idempotency key of what a synchronisation tells about something."""
    return f"{connection}.{number}{_ending(name, about)}"


def last_pushes(connections: Sequence[Connection]) -> dict[int, datetime]:
    """When a CONNECTION_SYNCED of each was last accepted, whichever webhook's; those
    of whose last `SYNCHRONISATIONS` none was are left out.
    """
    ids = [each.pk for each in connections]
    numbers = [each.sync_number for each in connections]
    ending = _ending("CONNECTION_SYNCED", 0)
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [ids, numbers, SYNCHRONISATIONS - 1, SOURCE, ending])
        return dict(cursor.fetchall())


def last_push(connection: Connection) -> datetime | None:
    """The same of one."""
    return last_pushes([connection]).get(connection.pk)


def _ending(name: str, about: int) -> str:
    return f".{name}.{about}"
