"""What the payload of each event is: JSON Schema 2020-12 (contract, section 1.1).

A schema is of a payload as it is stored; on its way `id_webhook_data` is added, which
no schema forbids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from apps.event_log.catalogue.objects import DEFINITIONS
from apps.event_log.catalogue.values import (
    ID,
    MOMENT,
    REFERENCE,
    Schema,
    list_of,
    ref,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = re.compile("#/\\$defs/([A-Za-z]+)")


def _members(**members: Schema) -> Schema:
    """An object that has these members, all of them."""
    return {"type": "object", "required": list(members), "properties": members}


def _also(name: str, required: str, **members: Schema) -> Schema:
    """A shared object of which more is known here."""
    properties = {"properties": members} if members else {}
    return {**ref(name), "required": required.split(), **properties}


# Here it is never null.
_WHEN: Final[Schema] = {**MOMENT, "type": "string"}
_BELONGS: Final = "id id_user id_connection"
_ROOTS: Final[dict[str, Schema]] = {
    "USER_CREATED": ref("User"),
    "USER_DELETED": ref("User"),
    "USER_SYNCED": _members(user=ref("User"), connections=list_of("SyncedConnection")),
    "CONNECTION_SYNCED": _members(user=ref("User"), connection=ref("SyncedConnection")),
    "CONNECTION_DELETED": ref("Connection"),
    "ACCOUNTS_FETCHED": _members(
        user=ref("User"), connection=_also("SyncedConnection", "accounts")
    ),
    "ACCOUNT_SYNCED": _also("SyncedAccount", _BELONGS),
    # Elsewhere they are within their account.
    "ACCOUNT_CATEGORIZED": _members(
        transactions={"type": "array", "items": _also("Transaction", "id_account")}
    ),
    "ACCOUNT_FOUND": _members(
        id=ID,
        id_user=REFERENCE,
        id_connection=REFERENCE,
        disabled=_WHEN,
        type={"type": "string"},
    ),
    "ACCOUNT_ENABLED": _also("BankAccount", _BELONGS, disabled={"type": "null"}),
    "ACCOUNT_DISABLED": _also("BankAccount", f"{_BELONGS} disabled", disabled=_WHEN),
    "ACCOUNT_OWNERSHIPS_FOUND": _members(account_ownerships=ref("AccountOwnership")),
    "TRANSACTION_ATTACHMENTS_FOUND": _members(
        id_connection=ID,
        id_account=ID,
        id_transaction=ID,
        attachments=list_of("Attachment"),
    ),
    "SUBSCRIPTION_FOUND": _members(id=ID, id_user=REFERENCE, id_connection=REFERENCE),
    "SUBSCRIPTION_SYNCED": _also("SyncedSubscription", _BELONGS),
    "PAYMENT_STATE_UPDATED": ref("Payment"),
    # Nothing is public but that they exist, so nothing more is checked.
    "TRANSACTIONS_CLUSTERED": {
        "type": "object",
        "$comment": "The clusters in it are likely to be like #/$defs/Cluster.",
    },
    "CONNECTION_CERTIFICATE_AVAILABLE": {"type": "object"},
}


def _schema(event: str, root: Schema) -> Schema:
    """A document that stands alone: with the objects it refers to, and no others."""
    definitions = {
        name: DEFINITIONS[name] for name in DEFINITIONS if name in set(_referred(root))
    }
    return {
        "$schema": DIALECT,
        "title": event,
        **root,
        **({"$defs": definitions} if definitions else {}),
    }


def _referred(schema: Any) -> Iterator[str]:
    """The shared objects that a schema refers to, and those that they do."""
    for name in _REFERENCE.findall(repr(schema)):
        yield name
        yield from _referred(DEFINITIONS[name])


SCHEMAS: Final[dict[str, Schema]] = {
    event: _schema(event, root) for event, root in _ROOTS.items()
}
