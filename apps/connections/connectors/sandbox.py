"""The sandbox: a bank that does not exist, always with the same customers.

What it tells depends on the connection's id, the number of the synchronisation, the
credentials, and nothing else. As the sandboxes of banks do, it is told by the
credentials what to play: a `login` that is a state of the contract ends every
synchronisation with it; one that waits for the user goes on once there is a `code`.

`transactions`: how many the first synchronisation finds, over all accounts, of the
last two years. `accounts` and `subscriptions`: how many there are; asking for more
later means that new ones are found.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from apps.connections.connectors.base import (
    AccountCategorised,
    AccountRecord,
    AccountSynced,
    AttachmentsFound,
    ConnectionFacts,
    Discovered,
    Ended,
    OwnershipFound,
    Phase,
    SubscriptionRecord,
    SubscriptionSynced,
)
from apps.connections.connectors.sandbox_formats import BANK, CONNECTOR, iban
from apps.connections.connectors.sandbox_records import (
    attachments,
    document,
    investment,
    ownership,
    transaction,
)
from apps.connections.connectors.sandbox_tables import (
    ACCOUNTS,
    SUBSCRIPTIONS,
    AccountModel,
)
from apps.connections.schedule import INTERACTIVE, NEEDS_USER, WRONGPASS

# Years that a bank tells of at the first synchronisation.
HISTORY: Final = timedelta(days=2 * 365)
CONSENT: Final = timedelta(days=180)
PROFILE: Final[Mapping[str, Any]] = {
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
STATES: Final = NEEDS_USER | {WRONGPASS, "rateLimiting", "websiteUnavailable", "bug"}
# The CONNECTION_SYNCED of so many stays below the default bound of payloads.
MAX_TRANSACTIONS: Final = 9000
TRANSACTIONS: Final = 300
NEW_TRANSACTIONS: Final = 4
DOCUMENTS: Final = 12


class Sandbox:
    """The connector; it keeps nothing between two calls."""

    profiles: Sequence[Mapping[str, Any]] = (PROFILE,)
    required_fields = frozenset({"login"})
    optional_fields = frozenset(
        {"password", "code", "transactions", "accounts", "subscriptions"}
    )

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """Yield the phases; see the module's text for what decides about them."""
        state = _state(connection.fields)
        if state is not None:
            yield Ended(state=state, message=f"The sandbox was asked for {state}.")
            return
        chance = random.Random(f"{connection.id} {connection.number}")
        accounts = [
            _Account(connection, index, now, chance)
            for index in range(_count(connection, "accounts", 3, len(ACCOUNTS)))
        ]
        subscriptions = [
            _subscription(connection.id, index)
            for index in range(
                _count(connection, "subscriptions", 1, len(SUBSCRIPTIONS))
            )
        ]
        yield Discovered(
            accounts=[account.record for account in accounts],
            subscriptions=subscriptions,
        )
        wanted = [account for account in accounts if account.is_wanted]
        yield from (account.synced for account in wanted)
        for account in wanted:
            yield from account.extras(connection.features)
        for subscription in subscriptions:
            if connection.wants_subscription(subscription.reference):
                yield _documents(connection, subscription, now)
        yield Ended(expire=now + CONSENT)


class _Account:
    """One account with what is new on it."""

    def __init__(
        self,
        connection: ConnectionFacts,
        index: int,
        now: datetime,
        chance: random.Random,
    ) -> None:
        model = ACCOUNTS[index]
        reference = f"account-{index + 1}"
        known = connection.accounts.get(reference)
        last = known.last_index if known else 0
        is_first = known is None or known.synced_at is None
        card = 4001 + index
        self.is_wanted = connection.wants_account(reference)
        self.transactions: list[dict[str, Any]] = []
        if self.is_wanted:
            self.transactions = [
                {"index": last + place, **transaction(move, moment, now, card, chance)}
                for place, (move, moment) in enumerate(
                    _moves(connection, model, is_first, now, chance), start=1
                )
            ]
        opening = Decimal(str(model.opening))
        if known is not None and known.balance is not None:
            opening = known.balance
        self.record = _record(
            connection.id,
            index,
            balance=opening + sum(each["value"] for each in self.transactions),
        )
        self.synced = AccountSynced(
            account=reference,
            transactions=self.transactions,
            investments=[
                {"index": place + 1, **investment(place, now)}
                for place in range(model.investments)
            ],
        )

    def extras(self, features: frozenset[str]) -> Iterator[Phase]:
        """What the bank tells after the transactions."""
        yield AccountCategorised(
            account=self.record.reference, transactions=self.transactions
        )
        if "attachments" in features and self.transactions:
            newest = self.transactions[0]
            yield AttachmentsFound(
                account=self.record.reference,
                transaction=newest["index"],
                attachments=attachments(newest),
            )
        if "ownerships" in features:
            yield OwnershipFound(
                account=self.record.reference, ownership=ownership(self.record)
            )


def _state(fields: Mapping[str, str]) -> str | None:
    login = fields.get("login", "")
    if login not in STATES or (login in INTERACTIVE and fields.get("code")):
        return None
    return login


def _count(connection: ConnectionFacts, name: str, usual: int, most: int) -> int:
    text = connection.fields.get(name, "")
    wanted = int(text) if text.isascii() and text.isdecimal() else usual
    return min(wanted, most)


def _moves(
    connection: ConnectionFacts,
    model: AccountModel,
    is_first: bool,
    now: datetime,
    chance: random.Random,
) -> Iterator[tuple[Any, datetime]]:
    """What moved money on an account, the newest first."""
    wanted, span = NEW_TRANSACTIONS, timedelta(days=1)
    if is_first:
        total = _count(connection, "transactions", TRANSACTIONS, MAX_TRANSACTIONS)
        wanted, span = round(total * model.share), HISTORY
    if not model.moves:
        return
    usual = [move.weight for move in model.moves]
    for index in range(wanted):
        moment = now - span * index / wanted - timedelta(minutes=chance.random())
        yield chance.choices(model.moves, usual)[0], moment


def _record(connection: int, index: int, *, balance: Decimal) -> AccountRecord:
    model = ACCOUNTS[index]
    number = (connection - 1) * len(ACCOUNTS) + index + 1
    return AccountRecord(
        reference=f"account-{index + 1}",
        number=f"{number % 10**11:011}",
        name=model.name,
        type=model.type,
        id_type=model.id_type,
        balance=balance,
        coming=None if model.coming is None else Decimal(str(model.coming)),
        iban=iban(number % 10**11) if model.has_iban else None,
        parent=None if model.parent is None else f"account-{model.parent}",
    )


def _subscription(connection: int, index: int) -> SubscriptionRecord:
    label, subscriber = SUBSCRIPTIONS[index]
    return SubscriptionRecord(
        reference=f"subscription-{index + 1}",
        number=f"S{connection:06}{index + 1}",
        label=label,
        subscriber=subscriber,
    )


def _documents(
    connection: ConnectionFacts, subscription: SubscriptionRecord, now: datetime
) -> SubscriptionSynced:
    """A year of monthly bills at first; later one at a time, once a month is over."""
    known = connection.subscriptions.get(subscription.reference)
    last = known.last_index if known else 0
    wanted = DOCUMENTS
    if known is not None and known.synced_at is not None:
        since = known.synced_at.astimezone(now.tzinfo)
        wanted = int((since.year, since.month) != (now.year, now.month))
    return SubscriptionSynced(
        subscription=subscription.reference,
        documents=[
            {"index": last + place, **document(subscription, place, now)}
            for place in range(1, wanted + 1)
        ],
    )
