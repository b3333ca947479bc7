"""The audit trail: whoever changes something through the API leaves one row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.audit.actions import Action
from apps.audit.actors import Kind
from apps.audit.models import AuditEntry
from apps.audit.trail import HIDDEN
from apps.event_log.models import EndUser
from apps.webhooks.openapi.schemas.users import CLIENT_SECRET
from tests.contract.openapi_document import operations
from tests.contract.openapi_world import UNUSED_PROVIDER, World, undone
from tests.contract.test_openapi_examples import Described
from tests.make import SECRET

NAMES = [name for name, _ in operations()]
# Two of the original's ways to change something are GET. And who looks at bank data
# is told.
CHANGING_GETS = {
    "GET /auth/token/access",
    "GET /auth/token/code",
    "GET /webhooks/{id_webhook}/data/{id_data}/body",
}
# An event is its own record, and its `source` says whose token emitted it. A second
# row for each would double what emission writes.
UNRECORDED = {"POST /events"}
CHANGING = [
    name
    for name in NAMES
    if (not name.startswith("GET ") or name in CHANGING_GETS) and name not in UNRECORDED
]
# From now on the trail takes no row.
FULL = "ALTER TABLE audit_auditentry ADD CONSTRAINT full_ CHECK (false) NOT VALID"
READING = [name for name in NAMES if name not in CHANGING]


def perform(name: str, world: World, body: Any = None, form: bool = False) -> int:
    """Call an operation by its example; the answer's status."""
    operation = Described(name)
    ids = {"id_auth": UNUSED_PROVIDER} if name.startswith("DELETE") else {}
    if body is None:
        form, body = operation.bodies()[0]
    return operation.send(world.token(name), form=form, body=body, ids=ids).status


class Trail:
    """The rows since it was made: the world's own are not a test's."""

    def __init__(self) -> None:
        newest = AuditEntry.objects.order_by("-pk").first()
        self.before = newest.pk if newest else 0

    def entries(self) -> list[AuditEntry]:
        return list(AuditEntry.objects.filter(pk__gt=self.before))


@pytest.fixture
def trail(world: World) -> Trail:
    return Trail()


@pytest.mark.parametrize("name", CHANGING)
def test_each_change_is_one_row_that_is_rolled_back_with_it(
    name: str, world: World, trail: Trail
):
    for form, body in Described(name).bodies():
        is_planned = isinstance(body, dict) and body.get("dry_run") is True
        with undone():
            assert perform(name, world, body, form) < 300
            entries = trail.entries()
        assert len(entries) == (0 if is_planned else 1), body
        for entry in entries:
            check(entry)
    assert trail.entries() == []


def check(entry: AuditEntry) -> None:
    """It says who, what and from where, and no secret."""
    assert entry.action in Action.values
    assert entry.target_kind == entry.action.partition(".")[0]
    assert entry.request_id is not None
    assert entry.actor_kind in set(Kind) - {Kind.SYSTEM, Kind.CONSOLE, Kind.COMMAND}
    assert (entry.actor_id is None) == (entry.actor_kind == Kind.NOBODY)
    told = f"{entry.old} {entry.new} {entry.actor_label}"
    assert SECRET not in told
    assert CLIENT_SECRET not in told
    is_persons = entry.actor_kind in (Kind.USER, Kind.NOBODY)
    assert entry.address == ("" if is_persons else "127.0.0.1")


def test_what_changes_nothing_leaves_no_row(world: World, trail: Trail):
    for name in READING:
        assert perform(name, world) < 300, name
        assert trail.entries() == [], name


@pytest.mark.parametrize("name", CHANGING)
def test_what_cannot_be_recorded_is_not_done(name: str, world: World):
    """The row and the change are one transaction: without the one there is not the
    other, whatever the database's reason."""
    before = state()
    with undone():
        with connection.cursor() as cursor:
            cursor.execute(FULL)
        with transaction.atomic():
            assert perform(name, world) == 500
        assert state() == before


def state() -> list[tuple[Any, ...]]:
    """Every table of ours, as it is."""
    tables = [
        table
        for table in connection.introspection.table_names()
        if table.partition("_")[0]
        in ("api", "auth", "configuration", "connections", "event", "webhooks")
        # How often somebody failed, and that a token was used, is no change.
        and table != "api_tokens_attemptcount"
    ]
    found = []
    with connection.cursor() as cursor:
        for table in sorted(tables):
            column = ", last_used_at" if table == "api_tokens_apitoken" else ""
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            names = [each.name for each in cursor.description]
            found += [
                (table, name, value)
                for row in cursor.fetchall()
                for name, value in zip(names, row, strict=True)
                if not (column and name == "last_used_at")
            ]
    return found


def test_the_database_refuses_to_change_or_delete_a_row(world: World):
    for statement in (
        "UPDATE audit_auditentry SET reason = 'x'",
        "DELETE FROM audit_auditentry",
    ):
        with (
            pytest.raises(ProgrammingError, match="neither changed nor deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEntry.objects.exists()


def test_a_users_values_are_in_no_row(world: World, trail: Trail):
    perform("POST /users/{id_user}/config", world, {"branch": "canary street 5"})
    (entry,) = trail.entries()
    assert entry.new == {"branch": HIDDEN}
    assert entry.target_id == EndUser.objects.get().pk
