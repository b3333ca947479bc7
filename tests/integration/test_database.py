"""The connection: known to be good without a question, found out when it is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from apps.webhooks.tasks import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_good_connection_is_not_asked():
    pid = _pid()
    assert connection.is_usable()
    query = _by_another("SELECT query FROM pg_stat_activity WHERE pid = %s", pid)
    assert "pg_backend_pid" in query


def test_a_connection_that_the_server_ended_is_replaced():
    pid = _pid()
    _by_another("SELECT pg_terminate_backend(%s, 5000)", pid)
    assert not connection.is_usable()
    # As Django does before the first statement of a request.
    connection.health_check_done = False  # type: ignore[attr-defined]
    assert _pid() != pid


def test_a_task_gets_a_connection_that_works_whatever_broke_the_last_one():
    """Celery keeps connections from task to task; a restart of the server ends them."""
    _by_another("SELECT pg_terminate_backend(%s, 5000)", _pid())
    with pytest.raises(OperationalError):
        _pid()
    sweep.apply(throw=True)


def _pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _by_another(sql: str, pid: int) -> Any:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(sql, [pid])
            return cursor.fetchone()[0]
    finally:
        other.close()
