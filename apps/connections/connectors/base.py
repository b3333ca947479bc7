"""What a connector is: the plug-in that knows banks.

The service calls it for one connection at a time and tells of the phases that it
yields, in the order in which they come (contract, 1.1). A connector reads and writes
nothing of the service's: facts in, phases out. It may take its time between two
phases, for no transaction is open while it works.

A synchronisation that was interrupted is repeated from its beginning, with the same
facts and the same `now`. Phases that were told before are not told again, whatever
the connector yields then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol

# Its parent's id goes before it, see `apps.connections.models.child_id`.
MAX_INDEX: Final = 9_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account, or a subscription, that earlier synchronisations found.

    `synced_at` is null until it was synchronised once: then its whole history is
    wanted. `last_index` is the highest that one of its transactions, or documents,
    had.
    """

    enabled: bool
    synced_at: datetime | None = None
    last_index: int = 0
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """What a connector is told. `number` counts the connection's synchronisations.

    `known` is by the connector's own references. `activate`: what is found is
    wanted at once. `features`: what is configured besides, of `attachments` and
    `ownerships`.
    """

    id: int
    number: int
    fields: Mapping[str, str]
    accounts: Mapping[str, Known] = field(default_factory=dict)
    subscriptions: Mapping[str, Known] = field(default_factory=dict)
    activate: bool = False
    features: frozenset[str] = frozenset()

    def wants_account(self, reference: str) -> bool:
        """Whether an account is, or will be, enabled."""
        return _wanted(self.accounts.get(reference), self.activate)

    def wants_subscription(self, reference: str) -> bool:
        """Whether a subscription is, or will be, enabled."""
        return _wanted(self.subscriptions.get(reference), self.activate)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """A bank account; `reference` is its name between connector and service."""

    reference: str
    number: str
    name: str
    type: str
    id_type: int
    balance: Decimal
    coming: Decimal | None = None
    currency: str = "EUR"
    iban: str | None = None
    parent: str | None = None
    usage: str | None = "PRIV"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRecord:
    """A subscription, whose documents are bills and statements."""

    reference: str
    number: str
    label: str
    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """All there is behind the connection: new, known, enabled and disabled alike."""

    accounts: Sequence[AccountRecord] = ()
    subscriptions: Sequence[SubscriptionRecord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSynced:
    """What is new on one account: objects of contract section 1.4.

    Each has an `index`, unique within the account and for ever, where the contract
    has `id` and `id_account`.
    """

    account: str
    transactions: Sequence[Mapping[str, Any]] = ()
    investments: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCategorised:
    """Transactions of one account once they have categories."""

    account: str
    transactions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentsFound:
    """Files that belong to the transaction of this index."""

    account: str
    transaction: int
    attachments: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipFound:
    """Who owns one account: an AccountOwnership without its ids."""

    account: str
    ownership: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSynced:
    """What is new of one subscription; documents have an `index` too."""

    subscription: str
    documents: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last phase. `state`: a ConnectionState of the contract, null if all went
    well. `expire`: when the bank will ask the user again.
    """

    state: str | None = None
    message: str | None = None
    expire: datetime | None = None


Phase = (
    Discovered
    | AccountSynced
    | AccountCategorised
    | AttachmentsFound
    | OwnershipFound
    | SubscriptionSynced
    | Ended
)


class Connector(Protocol):
    """The plug-in. `profiles`: the Connector resources one may connect to, each with
    `id` and `uuid`. Credentials have these names, and no others.
    """

    profiles: Sequence[Mapping[str, Any]]
    required_fields: frozenset[str]
    optional_fields: frozenset[str]

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """Yield the phases, `Ended` last.

        `since`: the last synchronisation that went well. `now` is in the payloads'
        zone, and payload dates are its wall time. A failure is an `Ended` with a
        state, not an exception.
        """
        ...


def _wanted(known: Known | None, activate: bool) -> bool:
    return activate if known is None else known.enabled
