"""Payloads as a bank-data platform makes them (contract, sections 1.3 and 1.4).

The same arguments give the same payload. The bank, the shops and the people are
made up: it is the sandbox that tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from apps.connections.connectors.base import (
    AccountRecord,
    AccountSynced,
    ConnectionFacts,
    Discovered,
    Ended,
)
from apps.connections.connectors.sandbox import PROFILE, Sandbox
from apps.connections.models import Account, Connection
from apps.connections.resources import account_object, children, synced_object

# From connecting to being synchronised, the first time.
SETUP: Final = timedelta(minutes=2)


def connection_synced(
    user: Mapping[str, Any], *, now: datetime, transactions: int = 4500
) -> dict[str, Any]:
    """CONNECTION_SYNCED after a first synchronisation, of rows that are nowhere.

    `user` is the User of section 1.4. `now` is aware; payload dates are its wall
    time. `transactions` are shared out over the accounts.
    """
    connection = Connection(
        pk=1,
        user_id=user["id"],
        id_connector=PROFILE["id"],
        created_at=now - SETUP,
        last_update_at=now,
        next_sync_at=now + timedelta(days=1),
    )
    facts = ConnectionFacts(
        id=1,
        number=1,
        fields={"transactions": str(transactions), "accounts": "6"},
        activate=True,
    )
    accounts: dict[str, dict[str, Any]] = {}
    for phase in Sandbox().synchronise(facts, since=None, now=now):
        match phase:
            case Discovered():
                parents = {
                    record.reference: index
                    for index, record in enumerate(phase.accounts, start=1)
                }
                for record in phase.accounts:
                    account = _account(parents[record.reference], record, now)
                    accounts[record.reference] = account_object(
                        account, connection, parents
                    )
            case AccountSynced():
                account_id = accounts[phase.account]["id"]
                accounts[phase.account] |= {
                    "transactions": children(
                        account_id, "id_account", phase.transactions
                    ),
                    "investments": children(
                        account_id, "id_account", phase.investments
                    ),
                }
            case Ended():
                connection.expire_at = phase.expire
            case _:
                continue
    tree = synced_object(
        connection,
        PROFILE,
        last_push=None,
        accounts=list(accounts.values()),
        subscriptions=[],
    )
    return {"user": dict(user), "connection": tree}


def _account(account_id: int, record: AccountRecord, now: datetime) -> Account:
    account = Account(pk=account_id, synced_at=now)
    account.update_from(record)
    return account
