"""The demo's payloads have the shapes of the contract."""

from __future__ import annotations

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from apps.connections.connectors.sandbox_formats import iban
from apps.webhooks.demo.sample_payments import payment_state_updated
from apps.webhooks.demo.samples import connection_synced

NOW = datetime(2026, 7, 14, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))
USER = {"id": 7, "signin": "2026-07-14 00:28:00"}

# Contract, section 1.4.
ACCOUNT = """id id_connection id_user id_source id_parent number original_name balance
coming display last_update deleted disabled iban currency type id_type bookmarked name
error usage ownership company_name loan transactions investments"""
TRANSACTION = """id id_account application_date date datetime vdate vdatetime rdate
rdatetime value gross_value type original_wording simplified_wording wording categories
date_scraped coming active id_cluster comment last_update deleted original_value
original_gross_value original_currency commission commission_currency country card
counterparty"""
CONNECTION = """id id_user id_connector id_provider id_bank state error error_message
fields last_update created active last_push expire connector_uuid next_try connector
sources accounts subscriptions"""
SOURCE = """id id_connection id_connector_source name last_update disabled created state
access_expire expire next_try"""
PAYMENT = """id state state_detail action error_code error_description fields
validate_uri connector_uuid validate_mechanism register_date payer instructions
payer_identity"""
TYPES = """transfer order check deposit payback withdrawal loan_repayment bank card
deferred_card summary_card unknown market_order market_fee arbitrage profit refund
payout payment fee"""
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture(scope="module")
def synced():
    return connection_synced(USER, now=NOW)


@pytest.fixture(scope="module")
def accounts(synced):
    return synced["connection"]["accounts"]


@pytest.fixture(scope="module")
def transactions(accounts):
    return [each for account in accounts for each in account["transactions"]]


def test_a_first_synchronisation_is_several_megabytes(synced, transactions):
    assert len(json.dumps(synced)) > 3_000_000
    assert len(transactions) > 4000


def test_the_same_arguments_give_the_same_payload(synced):
    again = connection_synced(USER, now=NOW)
    assert json.dumps(again) == json.dumps(synced)


def test_the_top_level_has_a_user_and_a_connection(synced):
    assert synced["user"] == USER
    assert set(synced) == {"user", "connection"}


def test_every_object_has_the_fields_of_the_contract(synced, accounts, transactions):
    connection = synced["connection"]
    assert set(connection) == set(CONNECTION.split())
    assert {frozenset(each) for each in accounts} == {frozenset(ACCOUNT.split())}
    assert {frozenset(each) for each in transactions} == {
        frozenset(TRANSACTION.split())
    }
    assert set(connection["sources"][0]) == set(SOURCE.split())


def test_ids_are_unique_and_refer_to_each_other(accounts, transactions):
    assert len({each["id"] for each in transactions}) == len(transactions)
    for account in accounts:
        assert account["id_user"] == USER["id"]
        assert {each["id_account"] for each in account["transactions"]} <= {
            account["id"]
        }


def test_money_is_a_number_of_whole_cents(accounts, transactions):
    amounts = [each["value"] for each in transactions]
    amounts += [each["balance"] for each in accounts]
    assert all(isinstance(amount, float) for amount in amounts)
    assert all(round(amount, 2) == amount for amount in amounts)


def test_transactions_are_of_known_types_and_none_is_of_the_future(transactions):
    assert {each["type"] for each in transactions} <= set(TYPES.split())
    assert {each["date"] <= "2026-07-14" for each in transactions} == {True}


def test_dates_are_wall_time_and_instants_are_utc(synced, transactions):
    connection = synced["connection"]
    assert connection["last_update"] == "2026-07-14 00:30:00"
    assert DATE_TIME.fullmatch(connection["next_try"])
    moments = [(each["date"], each["datetime"]) for each in transactions]
    instants = [(day, instant) for day, instant in moments if instant is not None]
    assert any(not instant.startswith(day) for day, instant in instants)
    for day, instant in instants:
        there = datetime.fromisoformat(f"{instant}Z").astimezone(NOW.tzinfo)
        assert there.date().isoformat() == day


def test_investments_are_worth_what_their_quantity_says(accounts):
    investments = [each for account in accounts for each in account["investments"]]
    assert len(investments) == 10
    for each in investments:
        worth = each["quantity"] * each["unitvalue"]
        assert each["valuation"] == pytest.approx(worth, abs=0.005)


@pytest.mark.parametrize("number", [1, 42, 99_999_999_999])
def test_ibans_have_right_check_digits(number):
    text = iban(number)
    assert len(text) == 27
    assert int(text[4:] + "1527" + text[2:4]) % 97 == 1


def test_a_payment_has_the_fields_of_the_contract():
    payment = payment_state_updated(3, now=NOW)
    assert set(payment) == set(PAYMENT.split())
    assert (payment["id"], payment["state"]) == (3, "done")
    assert DATE_TIME.fullmatch(payment["register_date"])
