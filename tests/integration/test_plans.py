"""What is read of tables of ten million rows is read by an index.

The planner is asked, not forbidden anything, unless the code forbids it too. Each
statement names its indexes: without one of them there is no such plan, and it fails.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from apps.api_tokens.models import Scope
from apps.webhooks import erasure, expiry, figures, holds, pushes
from apps.webhooks.apps import STATEMENTS
from apps.webhooks.engine import leases, unsent
from apps.webhooks.engine.statements import SETTINGS
from apps.webhooks.models import Webhook
from apps.webhooks.replay import items
from apps.webhooks.retention import kinds
from tests.browser.world import fill
from tests.integration.api_client import make_client
from tests.plans import plan_of, pretend_empty, pretend_large, pretend_new

pytestmark = pytest.mark.django_db
BIG = "webhooks_webhookdata|webhooks_deliveryattempt|event_log_event"
SCAN = re.compile(rf"Seq Scan on ({BIG})\b")
SHORT = "event_log_enduser|webhooks_webhook|webhooks_lease"
READING = re.compile(rf"Scan.* on ({BIG}|{SHORT})\b")
# What each parameter of a function is, for the planner.
SAMPLES = {
    "bigint": "1", "int": "1", "smallint": "1", "float8": "1", "text": "a",
    "bool": "t", "jsonb": "{}",
}  # fmt: skip
EVENTS = {"events": [1, 2]}
OLD = {"after": 0, "horizon": datetime(2026, 1, 1, tzinfo=UTC), "most": 1000}
WAITING = {"replay": 1, "most": 64, "not_of": [1], "in_hand": [1], "inline": 4096}
DATA_KEY, EVENT_KEY = "webhooks_webhookdata_pkey", "event_log_event_pkey"
OF_EVENT = "webhookdata_once_per_event"

# As in a year: of many people, and nearly all of it delivered.
DELIVERED = """
WITH new AS (
    INSERT INTO event_log_event (name, user_id, payload_sha256, payload_size, origin,
        source, body_removed_at)
    SELECT 'USER_SYNCED', n, '', 2, 'api', '', now() FROM generate_series(1, 4000) n
    RETURNING id, user_id
), told AS (
    INSERT INTO webhooks_webhookdata (webhook_id, event_id, state, delivered_at)
    SELECT 1 + user_id % 50, id, 2, now() FROM new RETURNING id, webhook_id
)
INSERT INTO webhooks_deliveryattempt (webhook_data_id, webhook_id, number, token,
    execution, started_at, cause, total_us, body_bytes, sent_bytes)
SELECT id, webhook_id, 1, 1, 1, now(), 'accepted', 1, 2, 2 FROM told
"""


@pytest.fixture(autouse=True)
def _large() -> None:
    with connection.cursor() as cursor:
        # The planner counts the pages that rows of other tests have left behind.
        cursor.execute(
            "TRUNCATE event_log_event, event_log_enduser, webhooks_webhook CASCADE"
        )
    pretend_new("webhooks_replayitem")
    fill()
    with connection.cursor() as cursor:
        cursor.execute(DELIVERED)
        cursor.execute(f"ANALYZE {BIG.replace('|', ', ')}")
    pretend_large()


def of_function(path: str) -> str:
    """The plan of a statement that is a function, its parameters typed."""
    statement = import_string(path)
    types = dict(each.split() for each in statement.parameters.split(","))
    values = {}
    for name, kind in types.items():
        sample = SAMPLES.get(kind.removesuffix("[]"), "")
        values[name] = f'{{"{sample}","{sample}"}}' if kind.endswith("[]") else sample
    text = re.sub(
        r"%\((\w+)\)s", lambda found: f"{found[0]}::{types[found[1]]}", statement.text
    )
    return plan_of(text, values)


def as_functions_are_planned(path: str) -> str:
    """The same under the settings that the functions have."""
    with connection.cursor() as cursor:
        for name, value in SETTINGS.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
    return of_function(path)


@pytest.mark.parametrize("path", STATEMENTS)
def test_no_function_of_the_engine_reads_a_whole_table(path):
    assert not SCAN.search(of_function(path))


@pytest.mark.parametrize("path", STATEMENTS)
def test_nor_if_it_was_planned_while_the_table_was_short(path):
    """Its plan is kept while the table grows."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {BIG.replace('|', ', ')}, {SHORT.replace('|', ', ')}")
    plan = as_functions_are_planned(path)
    # Before PostgreSQL 18 that would cost so much that all of it is compiled each time.
    assert "Disabled: true" not in plan
    lines = plan.splitlines()
    found = [(n, line) for n, line in enumerate(lines) if READING.search(line)]
    assert [line for n, line in found if not _is_narrow(lines, n)] == []


@pytest.mark.parametrize("path", STATEMENTS)
def test_nor_if_the_table_looked_empty_when_it_was_planned(path):
    """Then any index seems as good as any other, for whatever is looked up."""
    pretend_empty()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true)"
            " FROM pg_index"
        )
        leading = dict(cursor.fetchall())
    lines = as_functions_are_planned(path).splitlines()
    found = [
        (n, line, index[1])
        for n, line in enumerate(lines)
        if READING.search(line) and (index := re.search(r"using (\w+)", line))
    ]
    assert [
        line
        for n, line, index in found
        if not re.search(rf"Index Cond:.*\b{leading[index]}\b", lines[n + 1])
        and "Limit" not in lines[n - 1]
    ] == []


def _is_narrow(lines: list[str], n: int) -> bool:
    """Rows are looked up, or an index's first; or its are those that are held now."""
    return (
        "Index Cond" in lines[n + 1]
        or "Limit" in lines[n - 1]
        or "lease_held" in lines[n]
    )


@pytest.mark.parametrize(
    ("path", "indexes"),
    [
        ("apps.webhooks.engine.leases.ACQUIRE", ["webhookdata_pending", DATA_KEY]),
        ("apps.webhooks.engine.unsent.READ", ["webhookdata_pending", EVENT_KEY]),
        ("apps.webhooks.engine.settle.SETTLE", [DATA_KEY]),
    ],
)
def test_the_engine_reads_by_these_indexes(path, indexes):
    plan = of_function(path)
    assert [index for index in indexes if index not in plan] == []


@pytest.mark.parametrize(
    ("statement", "parameters", "indexes"),
    [
        (leases._WAITING, {}, ["webhookdata_pending"]),
        (unsent._PAYLOADS, [[1, 2]], [EVENT_KEY]),
        (unsent._EXTRAS, [[1, 2]], [DATA_KEY]),
        (expiry._END, [86_400.0, 10_000], ["webhookdata_pending"]),
        (holds._END, [1, [1]], ["event_of_user", "webhookdata_held"]),
        (holds._ERASE, [200, [0, 1, 4, 5]], ["event_of_user", OF_EVENT]),
        (items._WAITING, WAITING, ["replayitem_waiting", DATA_KEY]),
        (items._DROP, {}, [DATA_KEY]),
        (items._HOLD, {"data": [1, 2]}, [DATA_KEY]),
        (items._SKIP, {"replay": 1, "data": [1, 2]}, ["replayitem_waiting", DATA_KEY]),
        (erasure._PART, [1, 0, 500], ["event_of_user"]),
        (erasure._CANCEL, EVENTS, [OF_EVENT]),
        (erasure._ANSWERS, EVENTS, [OF_EVENT, "attempt_of_delivery"]),
        (erasure._BODIES, EVENTS, [EVENT_KEY]),
        (erasure._FOUND, [1], ["event_of_user", OF_EVENT, "attempt_of_delivery"]),
        (pushes._LAST, [[1], [30], 29, "sync", "."], ["event_idempotency", OF_EVENT]),
        (kinds.BODIES.removing, OLD, ["event_with_body", OF_EVENT]),
        (kinds.ATTEMPTS.removing, OLD, ["webhooks_deliveryattempt_pkey", DATA_KEY]),
        (kinds.DELIVERIES.removing, OLD, [DATA_KEY, "attempt_of_delivery"]),
        (kinds.EVENTS.removing, OLD, [EVENT_KEY, OF_EVENT]),
    ],
)
def test_what_runs_beside_deliveries_reads_by_these_indexes(
    statement, parameters, indexes
):
    plan = plan_of(statement, parameters)
    assert not SCAN.search(plan), plan
    assert [index for index in indexes if index not in plan] == [], plan


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (figures._COUNT, "webhookdata_held"),
        (figures._OLDEST, "webhookdata_pending"),
        (figures._LAG, "webhookdata_pending"),
    ],
)
def test_figures_are_read_by_these_indexes(statement, index):
    with connection.cursor() as cursor:
        cursor.execute(figures._BOUNDS)
    plan = plan_of(statement, {"most": figures.COUNTED, "heads": figures.HEADS})
    assert not SCAN.search(plan)
    assert index in plan


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/webhooks/1/data", "webhookdata_of_webhook"),
        ("/webhooks/1/data?after=0", "webhookdata_of_webhook"),
        ("/webhooks/1/data?state=delivered", "webhookdata_of_webhook"),
        ("/webhooks/1/logs", "attempt_of_webhook"),
    ],
)
def test_lists_of_the_api_are_read_by_these_indexes(path, index):
    plans = []

    def explain(execute, sql, params, many, context):
        if re.match(rf'SELECT .* FROM "({BIG})"', sql):
            plans.append(plan_of(sql, params))
        return execute(sql, params, many, context)

    api = make_client(Scope.CONFIG)
    webhook = Webhook.objects.order_by("pk")[0].pk
    pretend_large()
    with connection.execute_wrapper(explain):
        assert api.call("GET", path.replace("/1/", f"/{webhook}/")).status == 200
    assert plans
    for plan in plans:
        assert not SCAN.search(plan), plan
        assert index in plan, plan


def test_without_its_index_a_table_is_read_as_a_whole():
    """What this file says of the planner is true: it is not told what to find."""
    statement, parameters = kinds.BODIES.counting, OLD
    assert "event_with_body" in plan_of(statement, parameters)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX webhookdata_pending")
        cursor.execute("DROP INDEX webhookdata_failing")
    assert "Seq Scan on webhooks_webhookdata" in plan_of(expiry._END, [1.0, 10_000])


def test_large_tables_are_vacuumed_long_before_a_fifth_has_changed():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reloptions FROM pg_class WHERE relname ~ %s",
            [f"^({BIG}|webhooks_lease)$"],
        )
        found = dict(cursor.fetchall())
    assert len(found) == 4
    for options in found.values():
        assert any(each.startswith("autovacuum_vacuum_scale") for each in options)
