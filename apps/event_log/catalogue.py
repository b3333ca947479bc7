"""The events a webhook can be registered to (contract, section 1.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry of the catalogue."""

    name: str
    user_scoped: bool = True
    cfonb: bool = False
    deprecated: bool = False
    documented: bool = True


CATALOGUE: dict[str, EventType] = {
    entry.name: entry
    for entry in (
        EventType(name="USER_CREATED"),
        EventType(name="USER_DELETED"),
        EventType(name="USER_SYNCED", cfonb=True, deprecated=True),
        EventType(name="CONNECTION_SYNCED", cfonb=True),
        EventType(name="CONNECTION_DELETED"),
        EventType(name="ACCOUNTS_FETCHED"),
        EventType(name="ACCOUNT_SYNCED"),
        EventType(name="ACCOUNT_CATEGORIZED"),
        EventType(name="ACCOUNT_FOUND", cfonb=True),
        EventType(name="ACCOUNT_ENABLED"),
        EventType(name="ACCOUNT_DISABLED"),
        EventType(name="ACCOUNT_OWNERSHIPS_FOUND"),
        EventType(name="TRANSACTION_ATTACHMENTS_FOUND"),
        EventType(name="SUBSCRIPTION_FOUND"),
        EventType(name="SUBSCRIPTION_SYNCED"),
        EventType(name="PAYMENT_STATE_UPDATED", user_scoped=False),
        EventType(name="TRANSACTIONS_CLUSTERED", documented=False),
        EventType(name="CONNECTION_CERTIFICATE_AVAILABLE", documented=False),
    )
}

# The guide's prose writes it so once; the event has the longer name.
ALIASES = {"PAYMENT_STATE_UPDATE": "PAYMENT_STATE_UPDATED"}


class UnknownEvent(ValueError):
    """No event of this name is in the catalogue."""


def event_name(text: str) -> str:
    """The catalogue's spelling of an event's name; raise `UnknownEvent`."""
    name = ALIASES.get(text, text)
    if name not in CATALOGUE:
        raise UnknownEvent(f"There is no event named {text[:80]!r}.")
    return name
