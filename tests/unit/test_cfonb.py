"""Events as CFONB 120 files: contract, section 6 and the decision "CFONB"."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.webhooks.demo.samples import connection_synced
from apps.webhooks.formats.cfonb import CfonbError, render

Json = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden"
FOUND = {
    "id": 42,
    "id_user": 1,
    "id_connection": 3,
    "disabled": "2026-01-02 03:04:05",
    "type": "checking",
}


def make_transaction(**members: Any) -> Json:
    return {
        "id": 1,
        "date": "2026-06-16",
        "value": 1.5,
        "type": "card",
        "original_wording": "CAFE",
        "coming": False,
        "deleted": None,
    } | members


def make_account(*transactions: Json, **members: Any) -> Json:
    return {
        "id": 100,
        "number": "123456",
        "iban": None,
        "balance": 10.25,
        "last_update": "2026-06-18 06:12:40",
        "currency": {"id": "EUR", "precision": 2},
        "transactions": list(transactions),
    } | members


def records_of(*accounts: Json, **connection: Any) -> list[str]:
    """The records of a CONNECTION_SYNCED."""
    synced = {"connection": connection | {"accounts": list(accounts)}}
    return render("CONNECTION_SYNCED", json.dumps(synced)).decode().splitlines()


@pytest.mark.parametrize("name", ["account_found", "connection_synced", "user_synced"])
def test_the_golden_files_are_written_to_the_byte(name):
    payload = (GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    assert render(name.upper(), payload) == (GOLDEN / f"{name}.cfonb").read_bytes()


def test_a_first_synchronisation_has_a_statement_for_each_account():
    now = datetime(2026, 7, 14, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))
    payload = connection_synced({"id": 7}, now=now, transactions=300)
    file = render("CONNECTION_SYNCED", json.dumps(payload))
    records = file.decode("ascii").split("\r\n")
    assert records.pop() == ""
    assert {len(record) for record in records} == {120}
    codes = [record[:2] for record in records]
    accounts = len(payload["connection"]["accounts"])
    assert codes.count("01") == codes.count("07") == accounts


def test_balances_and_their_days_frame_the_movements():
    first = make_transaction(date="2026-06-10", value=-4)
    last = make_transaction(date="2026-06-16", value="1.5")
    old, *moves, new = records_of(make_account(last, first))
    assert [move[34:40] for move in moves] == ["100626", "160626"]
    assert (old[34:40], old[90:104]) == ("090626", "0000000000127E")
    assert (new[34:40], new[90:104]) == ("160626", "0000000000102E")


def test_without_movements_both_balances_are_of_the_synchronisation():
    synced = {"last_update": "2026-06-20 08:00:00"}
    old, new = records_of(make_account(last_update=None, transactions=None), **synced)
    assert old[2:] == new[2:]
    assert old[34:40] == "200626"
    old, _ = records_of(make_account(), **synced)
    assert old[34:40] == "180626"


@pytest.mark.parametrize(
    "left_out", [{"coming": True}, {"deleted": "2026-06-16 08:00:00"}]
)
def test_what_is_coming_or_deleted_is_not_listed(left_out):
    row = make_transaction(value=None, date=None) | left_out
    assert len(records_of(make_account(row))) == 2


def test_no_accounts_are_an_empty_file():
    assert records_of() == []
    assert render("USER_SYNCED", '{"connections":[{"accounts":null}]}') == b""


@pytest.mark.parametrize(
    ("currency", "balance", "code", "zone"),
    [
        ({"id": "EUR", "precision": 2}, "1", "EUR2", "0000000000010{"),
        ({"id": "XPF", "precision": 0}, 1235, "XPF0", "0000000000123E"),
        ({"id": "XPF"}, 1235, "XPF0", "0000000000123E"),
        ({"id": "TND", "precision": None}, 1.5, "TND3", "0000000000150{"),
        ("USD", -0.0, "USD2", "0000000000000{"),
        ({"id": "EUR", "precision": 2}, "-1.2345", "EUR4", "0000000001234N"),
        ({"id": "EUR", "precision": 2}, "1.5000000000", "EUR2", "0000000000015{"),
        ({"id": "EUR", "precision": 2}, 0.1 + 0.2, "EUR2", "0000000000003{"),
        ({"id": "EUR", "precision": 2}, 12345678.910000002, "EUR2", "0000123456789A"),
        ({"id": "EUR", "precision": 2}, 0.1 + 0.2 - 0.3, "EUR2", "0000000000000{"),
    ],
)
def test_figures_keep_all_their_decimals_and_no_noise(currency, balance, code, zone):
    old, new = records_of(make_account(currency=currency, balance=balance))
    assert old[16:20] == new[16:20] == code
    assert new[90:104] == zone


@pytest.mark.parametrize(
    "members",
    [
        {"balance": None},
        {"balance": "NaN"},
        {"balance": "1_000"},
        {"balance": "1,5"},
        {"balance": True},
        {"balance": []},
        {"balance": 10**12},
        {"balance": "1e999999"},
        {"balance": "0.0000000001"},
        {"balance": "1234567890123.0000000000000000000000000001"},
        {"balance": "12345.1234567891"},
        {"currency": None},
        {"currency": {"id": "DOGE", "precision": 2}},
        {"currency": {"id": "ETH", "precision": 18}},
        {"currency": {"id": "EUR", "precision": "2"}},
        {"last_update": None},
        {"last_update": "18/06/2026"},
        {"last_update": "2026-02-30"},
        {"last_update": "0001-01-01"},
        {"last_update": "2060-01-01"},
        {"transactions": {}},
        {"transactions": [None]},
    ],
)
def test_no_file_is_made_of_an_account_that_it_would_misstate(members):
    with pytest.raises(CfonbError, match="Account 100: "):
        records_of(make_account() | members)


@pytest.mark.parametrize(
    "members",
    [
        {"value": None},
        {"value": "much"},
        {"value": 1e20},
        {"date": None},
        {"date": "yesterday"},
        {"vdate": "9999-12-31"},
    ],
)
def test_no_file_is_made_of_a_transaction_that_it_would_misstate(members):
    with pytest.raises(CfonbError, match="Account 100: Transaction 1: "):
        records_of(make_account(make_transaction(**members)))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("USER_CREATED", "{}"),
        ("ACCOUNT_FOUND", "[]"),
        ("ACCOUNT_FOUND", "{"),
        ("ACCOUNT_FOUND", '{"balance":1E9999999999999999999999}'),
        ("ACCOUNT_FOUND", '{"balance":NaN,"currency":"EUR","disabled":"2026-01-02"}'),
        ("ACCOUNT_FOUND", json.dumps(FOUND | {"balance": None})),
        ("ACCOUNT_FOUND", json.dumps(FOUND | {"balance": 1.5})),
        ("ACCOUNT_FOUND", json.dumps(FOUND | {"disabled": None})),
        ("CONNECTION_SYNCED", "{}"),
        ("USER_SYNCED", '{"connections":[1]}'),
    ],
)
def test_other_payloads_are_refused(event, payload):
    with pytest.raises(CfonbError):
        render(event, payload)


def test_a_found_account_is_two_records_with_the_balance_that_is_known():
    full = FOUND | make_account(make_transaction())
    old, new = render("ACCOUNT_FOUND", json.dumps(full)).decode().splitlines()
    assert old[2:] == new[2:]
    assert old[90:104] == "0000000000102E"
