"""Payloads as a bank-data platform makes them (contract, sections 1.3 and 1.4).

The same arguments give the same payload. The bank, the shops and the people are
made up.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

from apps.webhooks.demo.sample_formats import BANK, CONNECTOR, date_time, iban
from apps.webhooks.demo.sample_tables import (
    ACCOUNTS,
    INVESTMENTS,
    AccountModel,
    Move,
)

# Years that a bank tells of at the first synchronisation.
HISTORY: Final = timedelta(days=2 * 365)
EURO: Final = {
    "id": "EUR",
    "name": "Euro",
    "symbol": "€",
    "prefix": False,
    "crypto": False,
    "precision": 2,
    "marketcap": None,
    "datetime": None,
}


def connection_synced(
    user: Mapping[str, Any], *, now: datetime, transactions: int = 4500
) -> dict[str, Any]:
    """CONNECTION_SYNCED after a first synchronisation.

    `user` is the User of section 1.4. `now` is aware; payload dates are its wall
    time. `transactions` are shared out over the accounts.
    """
    chance = random.Random(transactions)
    ids = {"id": 1, "id_user": user["id"], "id_connection": 1}
    transaction_ids = count(1)
    accounts = []
    for number, model in enumerate(ACCOUNTS, start=1):
        accounts.append(_account(number, model, ids["id_user"], now))
        accounts[-1]["transactions"] = [
            _transaction(next(transaction_ids), number, move, moment, now, chance)
            for move, moment in _moves(model, transactions, now, chance)
        ]
        accounts[-1]["investments"] = [
            _investment(index, number, now) for index in range(model.investments)
        ]
        balance = sum(each["value"] for each in accounts[-1]["transactions"])
        accounts[-1]["balance"] = round(model.opening + balance, 2)
    connection = {
        **_connection(ids["id_user"], now),
        "connector": _connector(),
        "sources": [_source(now)],
        "accounts": accounts,
        "subscriptions": [],
    }
    return {"user": dict(user), "connection": connection}


def _connection(user: int, now: datetime) -> dict[str, Any]:
    return {
        "id": 1,
        "id_user": user,
        "id_connector": 40,
        "state": None,
        "error": None,
        "error_message": None,
        "fields": None,
        "last_update": date_time(now),
        "created": date_time(now - timedelta(minutes=2)),
        "active": True,
        "last_push": None,
        "expire": date_time(now + timedelta(days=180)),
        "connector_uuid": CONNECTOR,
        "next_try": date_time(now + timedelta(days=1)),
    }


def _connector() -> dict[str, Any]:
    return {
        "id": 40,
        "uuid": CONNECTOR,
        "name": "Banque des Exemples",
        "hidden": False,
        "charged": True,
        "code": BANK,
        "beta": False,
        "color": "2f5d50",
        "slug": "EXE",
        "sync_periodicity": None,
        "capabilities": ["bank", "bankwealth"],
        "auth_mechanism": "webauth",
        "products": ["bank", "wealth"],
    }


def _source(now: datetime) -> dict[str, Any]:
    return {
        "id": 1,
        "id_connection": 1,
        "id_connector_source": 77,
        "name": "openapi",
        "last_update": date_time(now),
        "disabled": None,
        "created": date_time(now - timedelta(minutes=2)),
        "state": None,
        "access_expire": date_time(now + timedelta(days=180)),
        "expire": date_time(now + timedelta(days=180)),
        "next_try": date_time(now + timedelta(days=1)),
    }


def _account(
    number: int, model: AccountModel, user: int, now: datetime
) -> dict[str, Any]:
    return {
        "id": number,
        "id_connection": 1,
        "id_user": user,
        "id_source": 1,
        "id_parent": model.parent,
        "number": f"{number:011}",
        "original_name": model.name.upper(),
        "name": model.name,
        "balance": None,
        "coming": model.coming,
        "display": True,
        "last_update": date_time(now),
        "deleted": None,
        "disabled": None,
        "iban": iban(number) if model.has_iban else None,
        "currency": EURO,
        "type": model.type,
        "id_type": model.id_type,
        "bookmarked": False,
        "error": None,
        "usage": "PRIV",
        "ownership": "owner",
        "company_name": None,
        "loan": None,
    }


def _moves(
    model: AccountModel, transactions: int, now: datetime, chance: random.Random
) -> Iterator[tuple[Move, datetime]]:
    """What moved money on an account, the newest first."""
    wanted = round(transactions * model.share)
    usual = [move.weight for move in model.moves]
    for index in range(wanted):
        moment = now - HISTORY * index / wanted - timedelta(minutes=chance.random())
        yield chance.choices(model.moves, usual)[0], moment


def _transaction(
    number: int,
    account: int,
    move: Move,
    moment: datetime,
    now: datetime,
    chance: random.Random,
) -> dict[str, Any]:
    day = moment.date().isoformat()
    value = round(chance.uniform(move.low, move.high), 2)
    by_card = move.type in ("card", "deferred_card")
    instant = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    original = move.wording
    if by_card:
        original = f"PAIEMENT CB {moment:%d%m} {original} CARTE {4000 + account}"
    return {
        "id": number,
        "id_account": account,
        "application_date": day,
        "date": day,
        "datetime": instant if by_card else None,
        "vdate": day,
        "vdatetime": None,
        "rdate": (moment - timedelta(days=by_card)).date().isoformat(),
        "rdatetime": instant if by_card else None,
        "value": value,
        "gross_value": None,
        "type": move.type,
        "original_wording": original,
        "simplified_wording": move.label,
        "wording": move.label,
        "categories": [{"code": move.category, "parent_code": move.parent_category}],
        "date_scraped": date_time(now),
        "coming": False,
        "active": True,
        "id_cluster": None,
        "comment": None,
        "last_update": date_time(now),
        "deleted": None,
        "original_value": None,
        "original_gross_value": None,
        "original_currency": None,
        "commission": None,
        "commission_currency": None,
        "country": None,
        "card": f"{4000 + account}" if by_card else None,
        "counterparty": _counterparty(move, value),
    }


def _counterparty(move: Move, value: float) -> dict[str, Any] | None:
    if move.type != "transfer":
        return None
    return {
        "label": move.label,
        "account_scheme_name": "iban",
        "account_identification": iban(60 + len(move.label)),
        "type": "debtor" if value > 0 else "creditor",
    }


def _investment(index: int, account: int, now: datetime) -> dict[str, Any]:
    model = INVESTMENTS[index % len(INVESTMENTS)]
    valuation = model.quantity * model.unit_value
    gain = valuation - model.quantity * model.unit_price
    security = uuid.uuid5(uuid.NAMESPACE_URL, model.code).int % 100_000
    return {
        "id": account * 100 + index,
        "id_account": account,
        "label": model.label,
        "code": model.code,
        "code_type": "ISIN",
        "source": "",
        "description": None,
        "quantity": float(model.quantity),
        "unitprice": float(model.unit_price),
        "unitvalue": float(model.unit_value),
        "valuation": _cents(valuation),
        "diff": _cents(gain),
        "diff_percent": float(round(gain / (valuation - gain), 4)),
        "prev_diff": None,
        "portfolio_share": round(1 / len(INVESTMENTS), 4),
        "vdate": now.date().isoformat(),
        "prev_vdate": None,
        "id_security": security,
        "original_valuation": None,
        "original_unitvalue": None,
        "original_currency": None,
        "last_update": date_time(now),
        "deleted": None,
        "pockets": [],
    }


def _cents(amount: Decimal) -> float:
    return float(round(amount, 2))
