"""Payloads are compared with their event's schema when they are emitted."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from apps.api_tokens.models import Scope
from apps.configuration.store import change
from apps.connections.connectors.base import AccountSynced, ConnectionFacts, Phase
from apps.connections.connectors.sandbox import Sandbox
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.webhooks import schema_check
from apps.webhooks.connections import (
    connect,
    disconnect,
    enable_account,
    synchronise_now,
)
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.models import WebhookData
from apps.webhooks.schema_check import PayloadInvalid
from apps.webhooks.seldom import QUIET_SECONDS, Seldom
from apps.webhooks.users import create_user, delete_user
from tests.integration.api_client import make_client, nothing_written
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db
URL = "https://example.org/hook"
SECRET_VALUE = "FR7699999000010000000010106"
BAD: dict[str, Any] = {
    "user": {"id": 1},
    "connection": {"id": 2, "accounts": [{"id": SECRET_VALUE, "iban": SECRET_VALUE}]},
}
POINTER = "/connection/accounts/0/id"
LOGGER = "apps.webhooks.schema_check"


class Mistaken(Sandbox):
    """Tells of transactions whose value is no amount."""

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """As the sandbox, but for that."""
        for phase in super().synchronise(connection, since=since, now=now):
            if isinstance(phase, AccountSynced):
                rows = [{**row, "value": "a lot"} for row in phase.transactions]
                yield AccountSynced(account=phase.account, transactions=rows)
            else:
                yield phase


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> list[float]:
    """Nothing has been said yet; the test moves the clock."""
    now = [0.0]
    monkeypatch.setattr(schema_check, "_seldom", Seldom(lambda: now[0]))
    return now


@pytest.fixture
def enforce(settings) -> None:
    settings.WEBHOOKS_SCHEMA_CHECK = "enforce"


@pytest.fixture
def off(settings) -> None:
    settings.WEBHOOKS_SCHEMA_CHECK = "off"


def warnings(caplog) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == LOGGER]


@pytest.mark.parametrize("form", ["mapping", "text"])
def test_by_default_a_fault_is_logged_once_without_values_and_emitted(caplog, form):
    make_webhook(URL)
    payload = BAD if form == "mapping" else json.dumps(BAD).encode()
    assert emit("CONNECTION_SYNCED", payload).webhooks == 1
    (record,) = warnings(caplog)
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "The payload of CONNECTION_SYNCED breaks the rule 'type' of its schema "
        f"at {POINTER}."
    )
    named = {name: getattr(record, name) for name in ("event", "pointer", "rule")}
    assert named == {"event": "CONNECTION_SYNCED", "pointer": POINTER, "rule": "type"}
    assert SECRET_VALUE not in repr(record.__dict__)
    assert record.exc_info is None


def test_a_payload_with_many_faults_is_one_warning(caplog):
    accounts = [{"id": str(number)} for number in range(100)]
    emit("CONNECTION_SYNCED", {"connection": {"id": "x", "accounts": accounts}})
    assert len(warnings(caplog)) == 1


def test_a_platform_that_is_wrong_each_time_says_so_once_a_minute(caplog, clock):
    for _ in range(50):
        emit("CONNECTION_SYNCED", BAD)
    emit("USER_CREATED", {"id": "x"})
    assert [vars(record)["event"] for record in warnings(caplog)] == [
        "CONNECTION_SYNCED", "USER_CREATED"
    ]  # fmt: skip
    clock[0] = QUIET_SECONDS
    emit("CONNECTION_SYNCED", BAD)
    last = warnings(caplog)[-1]
    assert "Since the last such line 49 more had a fault." in last.getMessage()
    assert vars(last)["unsaid"] == 49
    clock[0] = 2 * QUIET_SECONDS
    emit("CONNECTION_SYNCED", BAD)
    assert vars(warnings(caplog)[-1])["unsaid"] == 0
    assert Event.objects.count() == 53


def test_what_is_valid_is_not_mentioned(caplog):
    emit("PAYMENT_STATE_UPDATED", {"id": 1, "state": "done"})
    emit("TRANSACTIONS_CLUSTERED", {"whatever": ["it", "is"]})
    emit("CONNECTION_CERTIFICATE_AVAILABLE", b"{}")
    assert warnings(caplog) == []


def test_when_off_nothing_is_looked_at(caplog, off):
    emit("CONNECTION_SYNCED", BAD)
    assert warnings(caplog) == []
    assert Event.objects.count() == 1


@pytest.mark.parametrize("form", ["mapping", "text"])
def test_when_enforced_a_fault_is_refused_and_nothing_written(enforce, caplog, form):
    make_webhook(URL)
    payload = BAD if form == "mapping" else json.dumps(BAD).encode()
    with pytest.raises(PayloadInvalid) as caught:
        emit("CONNECTION_SYNCED", payload)
    assert isinstance(caught.value, ValueError)
    assert POINTER in str(caught.value)
    assert SECRET_VALUE not in str(caught.value)
    assert warnings(caplog) == []
    assert Event.objects.count() == WebhookData.objects.count() == 0


def test_when_enforced_many_are_emitted_all_or_none(enforce):
    good = Emission(event="PAYMENT_STATE_UPDATED", payload={"id": 1, "state": "done"})
    bad = Emission(event="PAYMENT_STATE_UPDATED", payload={"id": 1, "state": "gone"})
    with transaction.atomic():
        with pytest.raises(PayloadInvalid):
            emit_many([good, bad])
        assert Event.objects.count() == 0
        emit_many([good, good])
    assert Event.objects.count() == 2


def test_a_missing_member_is_named_where_it_should_be(enforce):
    with pytest.raises(PayloadInvalid, match="'required' of its schema at /connection"):
        emit("CONNECTION_SYNCED", {"user": {"id": 1}})


def test_a_value_that_json_writes_otherwise_is_judged_as_written(enforce):
    # A key of JSON is a text.
    payload: dict[Any, Any] = {"id": 1, "state": "done", 7: "x"}
    emit("PAYMENT_STATE_UPDATED", payload)
    with pytest.raises(PayloadInvalid, match="at /id"):
        emit("PAYMENT_STATE_UPDATED", payload | {"id": "1"})


@pytest.mark.parametrize("bulk", [False, True])
def test_the_api_answers_400_with_the_pointer_and_without_the_value(enforce, bulk):
    api = make_client(Scope.EMIT)
    event = {"event": "CONNECTION_SYNCED", "payload": BAD}
    good = {"event": "USER_CREATED", "payload": {"id": 1}}
    with nothing_written():
        reply = api.call("POST", "/events", [good, event] if bulk else event)
    assert (reply.status, reply.code) == (400, "invalidValue")
    assert POINTER in reply.body["message"]
    assert SECRET_VALUE not in json.dumps(reply.body)


def test_the_api_takes_what_is_only_warned_of(caplog):
    api = make_client(Scope.EMIT)
    body = {"event": "CONNECTION_SYNCED", "payload": BAD}
    assert api.call("POST", "/events", body).status == 201
    assert [record.levelname for record in warnings(caplog)] == ["WARNING"]


def test_the_command_says_why_in_a_line(enforce):
    with pytest.raises(CommandError, match="at /id"):
        call_command("emit", "USER_CREATED", stdout=io.StringIO())


def test_all_that_the_sandbox_tells_is_valid(enforce, caplog, settings):
    """Users, a first synchronisation, a failed one, later ones, accounts, the end."""
    settings.WEBHOOKS_SYNC_FEATURES = ["attachments", "ownerships"]
    make_webhook(URL, "USER_SYNCED")
    user = create_user()
    everything = {"login": "claire", "accounts": 6, "subscriptions": 2}
    asked = {"id_connector": 40, "activate": True, "transactions": 60, **everything}
    one, two = connect(user.pk, **asked), connect(user.pk, **asked)
    synchronise_now(one.pk, apart=timedelta(0))
    synchronise_now(two.pk, {"login": "wrongpass"}, apart=timedelta(0))
    account = one.accounts.all()[0]
    for enabled in (False, True):
        enable_account(user.pk, account.pk, enabled=enabled)
    disconnect(user.pk, one.pk)
    delete_user(user.pk)
    told = set(Event.objects.values_list("name", flat=True))
    documented = {entry.name for entry in CATALOGUE.values() if entry.documented}
    assert told == documented - {"PAYMENT_STATE_UPDATED"}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_connector_that_breaks_the_schema_fails_its_synchronisation(
    enforce, settings, caplog
):
    settings.WEBHOOKS_CONNECTOR = f"{__name__}.Mistaken"
    asked = {"id_connector": 40, "activate": True, "login": "x", "transactions": 60}
    connection = connect(make_user().pk, **asked)
    assert connection.state == "bug"
    names = list(Event.objects.order_by("pk").values_list("name", flat=True))
    assert "ACCOUNT_SYNCED" not in names
    assert names[-1] == "CONNECTION_SYNCED"
    assert any("/transactions/0/value" in record.message for record in caplog.records)


def test_what_was_told_before_schemas_were_enforced_does_not_stop_a_synchronisation(
    settings, caplog
):
    settings.WEBHOOKS_CONNECTOR = f"{__name__}.Mistaken"
    settings.WEBHOOKS_SCHEMA_CHECK = "off"
    make_webhook(URL, "USER_SYNCED")
    user = make_user()
    asked = {"id_connector": 40, "activate": True, "login": "x", "transactions": 60}
    connect(user.pk, **asked)
    settings.WEBHOOKS_CONNECTOR = "apps.connections.connectors.sandbox.Sandbox"
    settings.WEBHOOKS_SCHEMA_CHECK = "enforce"
    assert connect(user.pk, **asked).state is None
    assert not Event.objects.filter(name="USER_SYNCED").exists()
    assert any("is left out" in record.message for record in caplog.records)


@pytest.mark.parametrize("event", ["CONNECTION_SYNCED", "USER_SYNCED", "ACCOUNT_FOUND"])
def test_the_samples_of_events_with_a_cfonb_form_can_be_written_so(enforce, event):
    change({"autosync.cfonb": "1"}, actor="test")
    emit(event, CATALOGUE[event].sample)
    written = Event.objects.get().cfonb
    assert written is not None
    assert written.startswith("01")
    assert {len(line) for line in written.splitlines()} == {120}
