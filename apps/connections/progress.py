"""A synchronisation while it goes on: what is known, what was found, what to keep.

What the connector says of accounts and subscriptions is stored in the end only, so
that an interrupted synchronisation is repeated with the facts it began with. New
rows alone are written at once, for events carry their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from apps.connections.claims import Claim, hold
from apps.connections.connectors.base import (
    ConnectionFacts,
    Discovered,
    Ended,
    Known,
)
from apps.connections.models import Account, Connection, Subscription
from apps.connections.schedule import WRONGPASS, next_sync

Children = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Found:
    """What was found below one kind of parent, by the parent's id."""

    children: dict[int, Children] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)

    def keep(
        self, parent: int, children: Children, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """To be told again in the end; `rows` have the connector's indexes."""
        self.children[parent] = children
        self.highest[parent] = max((row["index"] for row in rows), default=0)


@dataclass(slots=True)
class Progress:
    """Of one claim. `connection` is as of the last `hold`."""

    claim: Claim
    connection: Connection
    discovered: Discovered = field(default_factory=Discovered)
    accounts: Found = field(default_factory=Found)
    subscriptions: Found = field(default_factory=Found)
    parents: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """At the beginning."""
        rows = Connection.objects.select_related("user").defer("user__token")
        return cls(claim, rows.get(pk=claim.connection))

    def hold(self, now: datetime) -> None:
        """Lock the connection for a phase; raises `Displaced`."""
        row = hold(self.claim, now=now)
        row.user = self.connection.user
        self.connection = row

    def facts(self, features: frozenset[str]) -> ConnectionFacts:
        """Those with which the synchronisation began, the first time."""
        rows = {"found_number__lt": self.claim.number}
        return ConnectionFacts(
            id=self.connection.pk,
            number=self.claim.number,
            fields=self.connection.credentials,
            accounts={
                row.reference: _known(row)
                for row in self.connection.accounts.filter(**rows)
            },
            subscriptions={
                row.reference: _known(row)
                for row in self.connection.subscriptions.filter(**rows)
            },
            activate=self.connection.activate,
            features=features,
        )

    def discover(self, phase: Discovered) -> tuple[list[Account], list[Subscription]]:
        """Write what is new, disabled unless it is to be activated."""
        self.discovered = phase
        accounts, subscriptions = [], []
        known = set(self.connection.accounts.values_list("reference", flat=True))
        for record in phase.accounts:
            if record.reference not in known:
                account = Account(**self._new(record.reference))
                account.update_from(record)
                account.save()
                accounts.append(account)
        known = set(self.connection.subscriptions.values_list("reference", flat=True))
        for subscribed in phase.subscriptions:
            if subscribed.reference not in known:
                subscription = Subscription(**self._new(subscribed.reference))
                subscription.update_from(subscribed)
                subscription.save()
                subscriptions.append(subscription)
        self.parents = dict(self.connection.accounts.values_list("reference", "pk"))
        return accounts, subscriptions

    def enabled_accounts(self) -> list[Account]:
        """Those that are enabled at this moment, as the connector sees them."""
        rows = self.connection.accounts.filter(disabled_at__isnull=True).order_by("pk")
        return [self._seen(row) for row in rows]

    def account(self, reference: str) -> Account | None:
        """One of them; None if the user has disabled it, if need be a moment ago."""
        rows = self.connection.accounts.filter(disabled_at__isnull=True)
        row = rows.filter(reference=reference).first()
        return None if row is None else self._seen(row)

    def enabled_subscriptions(self) -> list[Subscription]:
        """As `enabled_accounts`."""
        rows = self.connection.subscriptions.filter(disabled_at__isnull=True)
        return [self._seen(row) for row in rows.order_by("pk")]

    def subscription(self, reference: str) -> Subscription | None:
        """As `account`."""
        rows = self.connection.subscriptions.filter(disabled_at__isnull=True)
        row = rows.filter(reference=reference).first()
        return None if row is None else self._seen(row)

    def settle(
        self, phase: Ended, *, period: Any, retry_wrongpass: bool, now: datetime
    ) -> None:
        """Store what is known from now on, and when the next one is due."""
        row = self.connection
        for account in row.accounts.all():
            self._store(account, self.accounts)
        for subscription in row.subscriptions.all():
            self._store(subscription, self.subscriptions)
        row.state, row.error_message = phase.state, phase.message
        row.wrongpasses = row.wrongpasses + 1 if phase.state == WRONGPASS else 0
        if phase.state is None:
            row.last_update_at = row.synced_at = self.claim.began
            row.expire_at = phase.expire
        row.next_sync_at = next_sync(
            row.pk,
            phase.state,
            wrongpasses=row.wrongpasses,
            period=period,
            retry_wrongpass=retry_wrongpass,
            now=now,
        )
        row.sync_began_at = row.syncing_until = None
        row.save()

    def _new(self, reference: str) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "reference": reference,
            "found_number": self.claim.number,
            "found_at": self.claim.began,
            "disabled_at": None if self.connection.activate else self.claim.began,
        }

    def _seen(self, row: Any) -> Any:
        """Unsaved."""
        _update(row, self.discovered)
        row.synced_at = self.claim.began
        return row

    def _store(self, row: Account | Subscription, found: Found) -> None:
        _update(row, self.discovered)
        if row.pk in found.children and row.disabled_at is None:
            row.synced_at = self.claim.began
        row.last_index = max(row.last_index, found.highest.get(row.pk, 0))
        row.save()


def _known(row: Account | Subscription) -> Known:
    return Known(
        enabled=row.disabled_at is None,
        synced_at=row.synced_at,
        last_index=row.last_index,
        balance=row.balance if isinstance(row, Account) and row.synced_at else None,
    )


def _update(row: Account | Subscription, discovered: Discovered) -> None:
    if isinstance(row, Account):
        for record in discovered.accounts:
            if record.reference == row.reference:
                row.update_from(record)
    else:
        for subscribed in discovered.subscriptions:
            if subscribed.reference == row.reference:
                row.update_from(subscribed)
