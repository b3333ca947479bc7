"""The sandbox connector: deterministic, and told by the credentials what to play."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.connections.connectors.base import (
    AccountSynced,
    ConnectionFacts,
    Discovered,
    Ended,
    Known,
)
from apps.connections.connectors.sandbox import STATES, Sandbox

NOW = datetime(2026, 7, 14, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))


def phases(
    number: int = 1,
    accounts: dict[str, Known] | None = None,
    features: frozenset[str] = frozenset(),
    since: datetime | None = None,
    **fields: str,
) -> list[Any]:
    facts = ConnectionFacts(
        id=5,
        number=number,
        fields={"login": "claire", **fields},
        accounts=accounts or {},
        activate=True,
        features=features,
    )
    return list(Sandbox().synchronise(facts, since=since, now=NOW))


def transactions(found: list[Any]) -> list[Any]:
    synced = [phase for phase in found if isinstance(phase, AccountSynced)]
    return [row for phase in synced for row in phase.transactions]


def names(found: list[Any]) -> list[str]:
    return [type(phase).__name__ for phase in found]


def test_the_same_facts_give_the_same_phases():
    assert phases() == phases()
    assert phases() != phases(number=2)


def test_the_phases_come_in_the_order_of_the_contract():
    everything = frozenset({"attachments", "ownerships"})
    assert names(phases(features=everything, accounts={}, transactions="60")) == [
        "Discovered",
        *["AccountSynced"] * 3,
        *["AccountCategorised", "AttachmentsFound", "OwnershipFound"] * 3,
        "SubscriptionSynced",
        "Ended",
    ]
    assert not {"AttachmentsFound", "OwnershipFound"} & set(names(phases()))


def test_the_first_time_has_thousands_of_transactions_when_asked():
    found = phases(transactions="4500", accounts=None)
    assert 4000 < len(transactions(found)) <= 4500


def test_later_times_have_a_few_which_change_the_balance():
    yesterday = NOW - timedelta(days=1)
    known = Known(
        enabled=True, synced_at=yesterday, last_index=114, balance=Decimal("10.00")
    )
    found = phases(number=2, accounts={"account-1": known}, since=yesterday)
    discovered, synced = found[0], found[1]
    assert isinstance(discovered, Discovered)
    assert [row["index"] for row in synced.transactions] == [115, 116, 117, 118]
    assert all(row["date"] >= "2026-07-12" for row in synced.transactions)
    balance = Decimal("10.00") + sum(row["value"] for row in synced.transactions)
    assert discovered.accounts[0].balance == balance


def test_a_disabled_account_is_not_synchronised():
    known = Known(enabled=False)
    found = phases(accounts={"account-2": known})
    synced = {phase.account for phase in found if isinstance(phase, AccountSynced)}
    assert synced == {"account-1", "account-3"}


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_login_asks_for_a_state(state):
    (found,) = phases(login=state)
    assert isinstance(found, Ended)
    assert found.state == state


def test_a_code_ends_the_interaction():
    assert phases(login="SCARequired", code="123456")[-1].state is None
    assert phases(login="wrongpass", code="123456")[-1].state == "wrongpass"
