"""Users, connections, subscriptions (contract, section 1.4)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

from apps.event_log.catalogue.values import (
    DATE,
    DECIMAL,
    FLAG,
    ID,
    MOMENT,
    REFERENCE,
    TEXT,
    TEXTS,
    Schema,
    an_object,
    each,
    list_of,
    ref,
)

# A state that is not among these is no mistake: consumers have to bear new ones.
_STATES: Final = [
    "SCARequired",
    "webauthRequired",
    "additionalInformationNeeded",
    "decoupled",
    "validating",
    "actionNeeded",
    "passwordExpired",
    "wrongpass",
    "rateLimiting",
    "websiteUnavailable",
    "bug",
    "notSupported",
    None,
]

CONNECTIONS: Final[dict[str, Schema]] = {
    "ConnectionState": {
        "description": _(
            "Null after a success. There may be others than the examples."
        ),
        "type": ["string", "null"],
        "examples": _STATES,
    },
    "User": an_object(
        _("An end user of the platform."),
        {"id": ID, "signin": MOMENT, "platform": TEXT},
    ),
    "Connection": an_object(
        _("A user's access to one bank, or to another provider of data."),
        {
            "id": ID,
            "id_connector": REFERENCE,
            **each("id_user id_provider id_bank", REFERENCE),
            **each("state error", ref("ConnectionState")),
            **each("error_message connector_uuid", TEXT),
            "fields": {"type": ["array", "null"]},
            "active": FLAG,
            **each("last_update created last_push expire next_try", MOMENT),
        },
    ),
    "SyncedConnection": {
        **ref("Connection"),
        "description": _("A connection with what its synchronisation has found."),
        "properties": {
            "connector": ref("Connector"),
            "sources": list_of("ConnectionSource"),
            "accounts": list_of("SyncedAccount"),
            "subscriptions": list_of("SyncedSubscription"),
        },
    },
    "ConnectionSource": an_object(
        _("One of the ways in which a connection gets its data."),
        {
            **each("id id_connection", ID),
            "id_connector_source": REFERENCE,
            "name": TEXT,
            "state": ref("ConnectionState"),
            **each("last_update disabled created next_try", MOMENT),
            **each("access_expire expire", MOMENT),
        },
    ),
    "Connector": an_object(
        _("What the platform knows of a bank, or of another provider of data."),
        {
            "id": ID,
            **each("uuid name code color slug auth_mechanism", TEXT),
            **each("hidden charged beta", FLAG),
            "sync_periodicity": DECIMAL,
            **each(
                "capabilities products",
                TEXTS,
            ),
        },
    ),
    "Subscription": an_object(
        _("A contract with a provider, from which bills and statements come."),
        {
            "id": ID,
            **each("id_connection id_user id_source", REFERENCE),
            **each("number label subscriber error", TEXT),
            **each("validity renewdate", DATE),
            **each("last_update deleted disabled", MOMENT),
        },
    ),
    "SyncedSubscription": {
        **ref("Subscription"),
        "description": _("A subscription with the documents that are new."),
        "properties": {"documents": list_of("Document")},
    },
    "Document": an_object(
        _("A bill, or a statement."),
        {
            "id": ID,
            **each("id_type id_category id_user id_subscription", REFERENCE),
            **each("id_file id_thumbnail", REFERENCE),
            **each("name number issuer", TEXT),
            **each("timestamp last_update", MOMENT),
            **each("date duedate", DATE),
            **each("total_amount untaxed_amount vat", DECIMAL),
            **each("income readonly has_file_on_website", FLAG),
            "currency": ref("Currency"),
        },
    ),
}
