"""The catalogue: every event with what there is to know of it, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from apps.event_log.catalogue.samples import SAMPLES
from apps.event_log.catalogue.schemas import SCHEMAS

_MAX_ID: Final = 2**63 - 1
_CONNECTION: Final = ("connection", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry of the catalogue.

    `when` it fires; `schema` is of its payload, and `sample` is such a payload, both
    without `id_webhook_data`. Of an event that is not `documented` the payload is
    not known. `resource`: the way through the payload to the id of what it is about.
    """

    id: int
    name: str
    description: str
    when: str
    user_scoped: bool = True
    cfonb: bool = False
    deprecated: bool = False
    documented: bool = True
    resource: tuple[str, ...] = ("id",)

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema 2020-12."""
        return SCHEMAS[self.name]

    @property
    def sample(self) -> Mapping[str, Any]:
        """Always the same."""
        return SAMPLES[self.name]

    def resource_of(self, payload: Mapping[str, Any]) -> int | None:
        """The id of what a payload is about (contract, 3.2); None if it has no such
        integer.
        """
        found: Any = payload
        for name in self.resource:
            found = found.get(name) if isinstance(found, Mapping) else None
        is_id = type(found) is int and 1 <= found <= _MAX_ID
        return found if is_id else None


# Ids are for ever: a new event gets the next one, wherever it is put.
CATALOGUE: Final[dict[str, EventType]] = {
    entry.name: entry
    for entry in (
        EventType(
            id=1,
            name="USER_CREATED",
            description=_("There is a new user. While it is temporary this is held."),
            when=_(
                "After a permanent user was created, or a temporary one was made so."
            ),
        ),
        EventType(
            id=2,
            name="USER_DELETED",
            description=_("A user is gone; what was kept of it is to be removed."),
            when=_("After a user was deleted."),
        ),
        EventType(
            id=3,
            name="USER_SYNCED",
            resource=("user", "id"),
            description=_(
                "What several connections of a user have brought, all in one "
                "payload. CONNECTION_SYNCED tells the same, one connection at a time."
            ),
            when=_("After several connections of a user were synchronised."),
            cfonb=True,
            deprecated=True,
        ),
        EventType(
            id=4,
            name="CONNECTION_SYNCED",
            resource=_CONNECTION,
            description=_(
                "A connection with all that is new on its accounts and "
                "subscriptions. If the synchronisation failed, its state says why."
            ),
            when=_("After each synchronisation of a connection, failed ones included."),
            cfonb=True,
        ),
        EventType(
            id=5,
            name="CONNECTION_DELETED",
            description=_("A user's access to a bank was given up."),
            when=_("After a connection was deleted."),
        ),
        EventType(
            id=6,
            name="ACCOUNTS_FETCHED",
            resource=_CONNECTION,
            description=_(
                "A connection with its accounts as they are now, without "
                "transactions: those come later."
            ),
            when=_(
                "During a synchronisation, once the accounts are known and before "
                "transactions are processed."
            ),
        ),
        EventType(
            id=7,
            name="ACCOUNT_SYNCED",
            description=_("One account with its new transactions and its investments."),
            when=_("During a synchronisation, after each account."),
        ),
        EventType(
            id=8,
            name="ACCOUNT_CATEGORIZED",
            description=_("Transactions of an account, now that they have categories."),
            when=_(
                "During a synchronisation, after accounts and transactions were "
                "processed."
            ),
        ),
        EventType(
            id=9,
            name="ACCOUNT_FOUND",
            description=_(
                "An account that was not known before. It is disabled until "
                "somebody enables it."
            ),
            when=_("During a synchronisation, when the account is discovered."),
            cfonb=True,
        ),
        EventType(
            id=10,
            name="ACCOUNT_ENABLED",
            description=_("From now on an account is synchronised."),
            when=_("After an account was enabled."),
        ),
        EventType(
            id=11,
            name="ACCOUNT_DISABLED",
            description=_(
                "An account is not synchronised any more, since the date in disabled."
            ),
            when=_("After an account was disabled."),
        ),
        EventType(
            id=12,
            name="ACCOUNT_OWNERSHIPS_FOUND",
            resource=("account_ownerships", "id_account"),
            description=_(
                "Whose an account is, as its bank says. Only where the "
                "platform has the feature switched on."
            ),
            when=_("During a synchronisation, after the owners were read."),
        ),
        EventType(
            id=13,
            name="TRANSACTION_ATTACHMENTS_FOUND",
            resource=("id_transaction",),
            description=_(
                "Files that belong to a transaction. Only where the platform "
                "has the feature switched on."
            ),
            when=_(
                "During a synchronisation, after accounts and transactions were "
                "processed."
            ),
        ),
        EventType(
            id=14,
            name="SUBSCRIPTION_FOUND",
            description=_("A subscription that was not known before."),
            when=_("During a synchronisation, when the subscription is discovered."),
        ),
        EventType(
            id=15,
            name="SUBSCRIPTION_SYNCED",
            description=_("One subscription with its new documents."),
            when=_("During a synchronisation, after each subscription."),
        ),
        EventType(
            id=16,
            name="PAYMENT_STATE_UPDATED",
            description=_(
                "A payment with the state it is in now. It belongs to no user."
            ),
            when=_("After the state of a payment changed."),
            user_scoped=False,
        ),
        EventType(
            id=17,
            name="TRANSACTIONS_CLUSTERED",
            description=_(
                "Transactions that come back regularly were recognised. The "
                "payload is not public; the sample is a guess."
            ),
            when=_("Probably after the clusters of a user were computed."),
            documented=False,
        ),
        EventType(
            id=18,
            name="CONNECTION_CERTIFICATE_AVAILABLE",
            resource=("id_connection",),
            description=_(
                "There is a certificate for a connection. The payload is not "
                "public; the sample is a guess."
            ),
            when=_("Probably once the certificate can be had."),
            documented=False,
        ),
    )
}

# The guide's prose writes it so once; the event has the longer name.
ALIASES: Final = {"PAYMENT_STATE_UPDATE": "PAYMENT_STATE_UPDATED"}


class UnknownEvent(ValueError):
    """No event of this name is in the catalogue."""


def event_name(text: str) -> str:
    """The catalogue's spelling of an event's name; raise `UnknownEvent`."""
    name = ALIASES.get(text, text)
    if name not in CATALOGUE:
        raise UnknownEvent(f"There is no event named {text[:80]!r}.")
    return name
