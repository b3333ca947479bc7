"""The engine's statements as functions of the database."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from apps.webhooks.apps import STATEMENTS, install_statements
from apps.webhooks.engine.statements import Statement

DOUBLE = Statement(
    name="test_double",
    parameters="numbers bigint[], times int",
    columns="id bigint, doubled bigint",
    text="SELECT n, n * %(times)s FROM unnest(%(numbers)s) AS n ORDER BY n",
)


def functions(like: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE proname LIKE %s", [like])
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_migrating_installs_them():
    expected = {import_string(path).function for path in STATEMENTS}
    assert expected <= functions("webhooks_%")
    install_statements("default")
    assert expected <= functions("webhooks_%")


@pytest.mark.django_db
def test_a_statement_is_called_with_values_by_name():
    with connection.cursor() as cursor:
        cursor.execute(DOUBLE.definition)
        DOUBLE.run(cursor, {"times": 2, "numbers": [3, 1]})
        assert cursor.fetchall() == [(1, 2), (3, 6)]
        DOUBLE.run(cursor, {"times": 2, "numbers": "{}"})
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_its_plan_is_kept_whatever_statistics_say():
    """Planning anew at each call costs more than the call."""
    mode = Statement(
        name="test_mode",
        parameters="times int",
        columns="mode text",
        text="SELECT current_setting('plan_cache_mode')",
    )
    with connection.cursor() as cursor:
        cursor.execute(mode.definition)
        mode.run(cursor, {"times": 1})
        assert cursor.fetchall() == [("force_generic_plan",)]
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchall() == [("auto",)]


@pytest.mark.django_db
def test_another_text_is_another_function():
    """Workers of two releases run side by side."""
    changed = Statement(
        name=DOUBLE.name,
        parameters=DOUBLE.parameters,
        columns=DOUBLE.columns,
        text=DOUBLE.text + " DESC",
    )
    with connection.cursor() as cursor:
        for statement in (DOUBLE, changed):
            cursor.execute(statement.definition)
        changed.run(cursor, {"times": 1, "numbers": [1, 2]})
        assert cursor.fetchall() == [(2, 2), (1, 1)]
        DOUBLE.run(cursor, {"times": 1, "numbers": [1, 2]})
        assert cursor.fetchall() == [(1, 1), (2, 2)]
