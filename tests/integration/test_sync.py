"""One synchronisation: the events it tells, in order, and what becomes of failures."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.configuration.store import change
from apps.connections.claims import Claim, claim, claim_due
from apps.connections.erasure import erase_connections
from apps.connections.models import Account, Connection, Subscription
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.webhooks.connections import (
    connect,
    disconnect,
    enable_account,
    synchronise_now,
)
from apps.webhooks.models import WebhookData
from apps.webhooks.sync import synchronise
from apps.webhooks.users import make_permanent
from tests.integration.connectors import Crashed, Crashing
from tests.make import make_provider, make_user, make_webhook

pytestmark = pytest.mark.django_db

ALL = {"id_connector": 40, "login": "claire", "activate": True, "transactions": 60}
CONNECTORS = "tests.integration.connectors"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

# Contract, sections 1.1 and 1.4.
ACCOUNT_KEYS = """id id_connection id_user id_source id_parent number original_name
balance coming display last_update deleted disabled iban currency type id_type
bookmarked name error usage ownership company_name loan"""
CONNECTION_KEYS = """id id_user id_connector id_provider id_bank state error
error_message fields last_update created active last_push expire connector_uuid
next_try"""
SUBSCRIPTION_KEYS = """id id_connection id_user id_source number label subscriber
validity renewdate last_update deleted disabled error"""
ACCOUNT = set(ACCOUNT_KEYS.split())
CONNECTION = set(CONNECTION_KEYS.split())
SUBSCRIPTION = set(SUBSCRIPTION_KEYS.split())
TREE = CONNECTION | {"connector", "sources", "accounts"}
KEYS = {
    "ACCOUNT_FOUND": {"id", "id_user", "id_connection", "disabled", "type"},
    "ACCOUNT_ENABLED": ACCOUNT,
    "SUBSCRIPTION_FOUND": {"id", "id_user", "id_connection"},
    "ACCOUNTS_FETCHED": {"user", "connection"},
    "ACCOUNT_SYNCED": ACCOUNT | {"transactions", "investments"},
    "ACCOUNT_CATEGORIZED": {"transactions"},
    "TRANSACTION_ATTACHMENTS_FOUND": {
        "id_connection",
        "id_account",
        "id_transaction",
        "attachments",
    },
    "ACCOUNT_OWNERSHIPS_FOUND": {"account_ownerships"},
    "SUBSCRIPTION_SYNCED": SUBSCRIPTION | {"documents"},
    "CONNECTION_SYNCED": {"user", "connection"},
    "CONNECTION_DELETED": CONNECTION,
    "USER_SYNCED": {"user", "connections"},
}


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def crashing(settings):
    settings.WEBHOOKS_CONNECTOR = f"{CONNECTORS}.Crashing"
    Crashing.before, Crashing.times, Crashing.calls = 4, 1, 0
    return Crashing


def told(after: int = 0, *names: str) -> list[tuple[str, Any]]:
    """The events after this one, as name and payload."""
    events = Event.objects.filter(pk__gt=after).order_by("pk")
    return [
        (event.name, json.loads(event.payload or ""))
        for event in events
        if not names or event.name in names
    ]


def names(after: int = 0) -> list[str]:
    return [name for name, _ in told(after)]


def last_event() -> int:
    newest = Event.objects.order_by("-pk").first()
    return 0 if newest is None else newest.pk


def due() -> Claim:
    """The claim on what is to be repeated."""
    claimed = claim_due(now=timezone.now())
    assert claimed is not None
    return claimed


def again(connection: Connection) -> list[tuple[str, Any]]:
    """Another synchronisation, and what it told."""
    before = last_event()
    synchronise_now(connection.pk, apart=timedelta(0))
    return told(before)


def test_the_whole_sequence_arrives_with_valid_payloads(
    user, receiver, run_pump, settings
):
    settings.WEBHOOKS_SYNC_FEATURES = ["attachments", "ownerships"]
    provider = make_provider()
    for event in CATALOGUE:
        make_webhook(
            receiver.url(f"/{event}"), event, auth_provider=provider, max_in_flight=1
        )
    # The receiver keeps bodies up to 64 KB.
    first = connect(user.pk, **ALL | {"transactions": 20})
    second = connect(user.pk, **ALL | {"transactions": 20})
    enable_account(user.pk, first.accounts.earliest("pk").pk, enabled=False)
    disconnect(user.pk, second.pk)
    while run_pump():
        pass

    assert names()[:22] == [
        *["ACCOUNT_FOUND"] * 3,
        "SUBSCRIPTION_FOUND",
        *["ACCOUNT_ENABLED"] * 3,
        "ACCOUNTS_FETCHED",
        *["ACCOUNT_SYNCED"] * 3,
        *[
            "ACCOUNT_CATEGORIZED",
            "TRANSACTION_ATTACHMENTS_FOUND",
            "ACCOUNT_OWNERSHIPS_FOUND",
        ]
        * 3,
        "SUBSCRIPTION_SYNCED",
        "CONNECTION_SYNCED",
    ]
    assert names()[44:] == ["USER_SYNCED", "ACCOUNT_DISABLED", "CONNECTION_DELETED"]
    arrived = receiver.record.deliveries()
    assert len(arrived) == Event.objects.count() == 47
    assert all(each.genuine for each in arrived)
    for each in arrived:
        name, body = each.target.strip("/"), json.loads(each.body)
        assert body.pop("id_webhook_data") == each.id
        assert set(body) == KEYS.get(name, ACCOUNT)
        assert body.get("id_user", user.pk) == user.pk


def test_connection_synced_has_all_that_is_new(user):
    connection = connect(user.pk, **ALL)
    ((_, payload),) = told(0, "CONNECTION_SYNCED")
    tree = payload["connection"]
    assert payload["user"]["id"] == user.pk
    assert MOMENT.fullmatch(payload["user"]["signin"])
    assert set(tree) == TREE | {"subscriptions"}
    assert tree["id"] == connection.pk
    assert tree["state"] is None
    assert MOMENT.fullmatch(tree["last_update"])
    accounts = tree["accounts"]
    assert all(set(each) == KEYS["ACCOUNT_SYNCED"] for each in accounts)
    synced = [body for _, body in told(0, "ACCOUNT_SYNCED")]
    assert accounts == synced
    rows = [row for each in accounts for row in each["transactions"]]
    assert len(rows) > 50
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["id_account"] == row["id"] // 10**7 for row in rows)
    assert isinstance(rows[0]["value"], float)
    (subscription,) = tree["subscriptions"]
    assert len(subscription["documents"]) == 12
    assert all(
        each["id_subscription"] == subscription["id"]
        for each in subscription["documents"]
    )


def test_accounts_fetched_has_no_transactions(user):
    connect(user.pk, **ALL)
    ((_, payload),) = told(0, "ACCOUNTS_FETCHED")
    assert set(payload["connection"]) == TREE
    assert all(set(each) == ACCOUNT for each in payload["connection"]["accounts"])


def test_what_is_found_is_disabled_until_somebody_enables_it(user):
    connection = connect(user.pk, **ALL | {"activate": False})
    assert names() == [
        *["ACCOUNT_FOUND"] * 3,
        "SUBSCRIPTION_FOUND",
        "ACCOUNTS_FETCHED",
        "CONNECTION_SYNCED",
    ]
    (_, found), *_, (_, synced) = told()
    assert MOMENT.fullmatch(found["disabled"])
    assert synced["connection"]["accounts"] == []

    account = connection.accounts.earliest("pk")
    enable_account(user.pk, account.pk, enabled=True)
    ((_, enabled),) = told(0, "ACCOUNT_ENABLED")
    assert enabled["disabled"] is None
    events = again(connection)
    assert [name for name, _ in events] == [
        "ACCOUNTS_FETCHED",
        "ACCOUNT_SYNCED",
        "ACCOUNT_CATEGORIZED",
        "CONNECTION_SYNCED",
    ]
    assert len(events[1][1]["transactions"]) == 23


def test_the_next_time_has_few_new_transactions_and_nothing_is_found(user):
    connection = connect(user.pk, **ALL)
    ((_, first),) = told(0, "CONNECTION_SYNCED")
    events = again(connection)
    assert "ACCOUNT_FOUND" not in [name for name, _ in events]
    _, second = events[-1]
    before = {row["id"] for row in transactions_of(first)}
    after = {row["id"] for row in transactions_of(second)}
    assert len(after) == 12
    assert not before & after
    for old, new in zip(
        first["connection"]["accounts"], second["connection"]["accounts"], strict=True
    ):
        moved = sum(row["value"] for row in new["transactions"])
        assert new["balance"] == pytest.approx(old["balance"] + moved, abs=0.001)


def transactions_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    accounts = payload["connection"]["accounts"]
    return [row for account in accounts for row in account["transactions"]]


def test_only_the_new_account_is_found(user):
    connection = connect(user.pk, **ALL)
    before = last_event()
    synchronise_now(connection.pk, {"accounts": 4})
    ((_, found),) = told(before, "ACCOUNT_FOUND")
    assert found["type"] == "savings"
    assert Account.objects.count() == 4
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize("state", ["wrongpass", "websiteUnavailable", "SCARequired"])
def test_a_failed_synchronisation_is_told_with_its_state(user, state):
    connection = connect(user.pk, **ALL | {"login": state})
    ((name, payload),) = told()
    assert name == "CONNECTION_SYNCED"
    tree = payload["connection"]
    assert (tree["state"], tree["error"]) == (state, state)
    assert tree["accounts"] == []
    assert tree["last_update"] is None
    assert connection.state == state
    assert (connection.next_sync_at is None) is (state == "SCARequired")


def test_wrong_passwords_are_counted_and_forgotten(user):
    connection = connect(user.pk, **ALL | {"login": "wrongpass"})
    again(connection)
    connection.refresh_from_db()
    assert connection.wrongpasses == 2
    assert connection.next_sync_at is not None
    assert connection.next_sync_at - timezone.now() > timedelta(days=6)
    synchronise_now(connection.pk, {"login": "claire"})
    connection.refresh_from_db()
    assert (connection.state, connection.wrongpasses) == (None, 0)


@pytest.mark.parametrize("login", ["claire", "wrongpass"])
def test_synchronisations_have_a_cfonb_form(user, login):
    change({"autosync.cfonb": "1"}, actor="test")
    connection = connect(user.pk, **ALL | {"login": login})
    assert connection.state == (None if login == "claire" else login)
    events = Event.objects.exclude(cfonb=None)
    expected = {"ACCOUNT_FOUND", "CONNECTION_SYNCED"}
    if login != "claire":
        expected = {"CONNECTION_SYNCED"}
    assert set(events.values_list("name", flat=True)) == expected


def test_what_concerns_a_temporary_user_is_held():
    make_webhook("https://receiver.example.com/")
    user = make_user(permanent=False)
    connect(user.pk, **ALL)
    data = WebhookData.objects.get()
    assert data.state == WebhookData.State.HELD
    make_permanent(user.pk)
    data.refresh_from_db()
    assert data.state == WebhookData.State.PENDING


def test_a_crash_half_way_is_repeated_and_nothing_is_told_twice(user, crashing):
    with pytest.raises(Crashed):
        connect(user.pk, **ALL)
    assert "CONNECTION_SYNCED" not in names()
    before = names()
    claimed = due()
    assert (claimed.number, claimed.attempt) == (1, 2)
    synchronise(claimed, origin=Event.Origin.SYNC)

    crashing.times = 0
    whole = [*["ACCOUNT_FOUND"] * 3, "SUBSCRIPTION_FOUND", *["ACCOUNT_ENABLED"] * 3]
    whole += ["ACCOUNTS_FETCHED", *["ACCOUNT_SYNCED"] * 3]
    whole += [*["ACCOUNT_CATEGORIZED"] * 3, "SUBSCRIPTION_SYNCED", "CONNECTION_SYNCED"]
    assert names() == whole
    assert before == whole[: len(before)]
    synced = [body for _, body in told(0, "ACCOUNT_SYNCED")]
    ((_, payload),) = told(0, "CONNECTION_SYNCED")
    assert payload["connection"]["accounts"] == synced
    assert claim_due(now=timezone.now()) is None


@pytest.mark.parametrize("before", range(9))
def test_it_does_not_matter_where_it_crashes(user, crashing, before):
    crashing.times = 0
    connect(user.pk, **ALL)
    whole = names()
    crashing.before, crashing.times = before, 1
    after = last_event()
    with pytest.raises(Crashed):
        connect(user.pk, **ALL)
    synchronise(due(), origin=Event.Origin.SYNC)
    assert [name for name in names(after) if name != "USER_SYNCED"] == whole


def test_a_connector_that_always_crashes_ends_as_a_bug(user, crashing):
    crashing.times = 100
    with pytest.raises(Crashed):
        connect(user.pk, **ALL)
    for _ in range(2):
        with pytest.raises(Crashed):
            synchronise(due(), origin=Event.Origin.SYNC)
    synchronise(due(), origin=Event.Origin.SYNC)
    assert crashing.calls == 3
    connection = Connection.objects.get()
    assert connection.state == "bug"
    assert told()[-1][1]["connection"]["state"] == "bug"
    assert connection.next_sync_at is not None


def test_what_is_too_large_to_be_sent_ends_as_a_bug(user, settings):
    settings.WEBHOOKS_CONNECTOR = f"{CONNECTORS}.Endless"
    settings.WEBHOOKS_MAX_PAYLOAD_BYTES = 20_000
    connection = connect(user.pk, **ALL)
    assert connection.state == "bug"
    ((_, payload),) = told(0, "CONNECTION_SYNCED")
    assert payload["connection"]["accounts"] == []


def test_nothing_more_is_told_of_a_connection_that_was_deleted(user, settings):
    settings.WEBHOOKS_CONNECTOR = f"{CONNECTORS}.Abandoned"
    connect(user.pk, **ALL)
    assert names()[-1] == "ACCOUNTS_FETCHED"
    assert claim_due(now=timezone.now()) is None


def test_the_end_of_users_is_the_end_of_their_connections(user):
    connection = connect(user.pk, **ALL)
    other = connect(make_user().pk, **ALL)
    before = last_event()
    erase_connections([user.pk], now=timezone.now())
    connection.refresh_from_db()
    other.refresh_from_db()
    assert (connection.fields, connection.next_sync_at) == (None, None)
    assert connection.deleted_at is not None
    assert other.deleted_at is None
    assert told(before) == []


def test_a_slow_holder_is_displaced_by_its_successor(user):
    connection = connect(user.pk, **ALL)
    now = timezone.now()
    slow = claim(connection.pk, now=now - timedelta(hours=1))
    successor = claim(connection.pk, now=now)
    assert slow is not None
    assert successor is not None
    assert (successor.number, successor.attempt) == (slow.number, 2)
    before = last_event()
    synchronise(slow, origin=Event.Origin.API)
    assert told(before) == []
    synchronise(successor, origin=Event.Origin.API)
    assert names(before)[-1] == "CONNECTION_SYNCED"


def test_user_synced_tells_of_every_connection_once(user):
    make_webhook("https://receiver.example.com/", "USER_SYNCED")
    first = connect(user.pk, **ALL)
    assert "USER_SYNCED" not in names()
    second = connect(user.pk, **ALL)
    ((_, payload),) = told(0, "USER_SYNCED")
    synced = [body["connection"] for _, body in told(0, "CONNECTION_SYNCED")]
    assert payload["connections"] == synced
    before = last_event()
    again(first)
    again(first)
    assert not told(before, "USER_SYNCED")
    again(second)
    ((_, payload),) = told(before, "USER_SYNCED")
    assert [each["id"] for each in payload["connections"]] == [
        first.pk,
        first.pk,
        second.pk,
    ]


def test_nobody_who_wants_it_means_no_user_synced(user):
    connect(user.pk, **ALL)
    connect(user.pk, **ALL)
    assert "USER_SYNCED" not in names()


def test_a_connection_that_waits_for_its_user_does_not_hold_user_synced_back(user):
    make_webhook("https://receiver.example.com/", "USER_SYNCED")
    connect(user.pk, **ALL | {"login": "SCARequired"})
    connect(user.pk, **ALL)
    connect(user.pk, **ALL)
    assert names().count("USER_SYNCED") == 1
