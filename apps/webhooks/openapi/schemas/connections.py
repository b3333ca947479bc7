"""Connections to banks, and what is behind them."""

from __future__ import annotations

from typing import Any, Final

from apps.connections.connectors.sandbox_formats import CONNECTOR
from apps.webhooks.connections import MAX_CHARACTERS
from apps.webhooks.openapi.shapes import (
    GIVEN_ID,
    ID,
    INSTANT,
    NUMBER,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    ref,
    text,
    told,
)
from apps.webhooks.pushes import SYNCHRONISATIONS

_NULL: Final[Schema] = {"type": "null"}
_STATE: Final = told(
    or_null(TEXT),
    "null: all is well. Otherwise one of SCARequired, webauthRequired, "
    "additionalInformationNeeded, decoupled, validating, actionNeeded, "
    "passwordExpired, wrongpass, rateLimiting, websiteUnavailable, bug, notSupported; "
    "later versions may know further ones.",
)
_FORMER_NAME: Final[Schema] = {
    **ID,
    "deprecated": True,
    "description": "A former name of `id_connector`.",
}
_CREDENTIALS: Final[Schema] = {
    "anyOf": [text(MAX_CHARACTERS), {"type": "integer"}],
    "description": "A credential, under the name that the connector has for it.",
}
_DISABLED: Final = told(or_null(INSTANT), "Since when it is disabled.")

SCHEMAS: Final[dict[str, Schema]] = {
    "Connection": record(
        id=ID,
        id_user=ID,
        id_connector=ID,
        id_provider=_FORMER_NAME,
        id_bank=_FORMER_NAME,
        state=_STATE,
        error=told(_STATE, "The same as `state`."),
        error_message=told(or_null(TEXT), "What the bank said of it."),
        fields=_NULL,
        last_update=told(or_null(INSTANT), "When it was last synchronised."),
        created=INSTANT,
        active=told(TRUTH, "Whether it is not deleted."),
        last_push=told(
            or_null(INSTANT),
            "When a webhook last accepted a CONNECTION_SYNCED of it; null: none of "
            f"the last {SYNCHRONISATIONS} was accepted.",
        ),
        expire=told(or_null(INSTANT), "When the bank's consent ends."),
        connector_uuid=or_null({"type": "string", "format": "uuid"}),
        next_try=told(or_null(INSTANT), "When it is synchronised in the background."),
    ),
    "NewConnection": {
        "type": "object",
        "properties": {
            "id_connector": told(or_null(GIVEN_ID), "Which bank; or by its uuid."),
            "connector_uuid": or_null({"type": "string", "format": "uuid"}),
            "activate": told(TRUTH, "Enable at once what is found."),
        },
        "additionalProperties": _CREDENTIALS,
        "anyOf": [{"required": ["id_connector"]}, {"required": ["connector_uuid"]}],
    },
    "Credentials": {"type": "object", "additionalProperties": _CREDENTIALS},
    "Currency": record(
        id=told(TEXT, "ISO 4217."),
        name=TEXT,
        symbol=TEXT,
        prefix=TRUTH,
        crypto=TRUTH,
        precision={"type": "integer"},
        marketcap=_NULL,
        datetime=_NULL,
    ),
    "Account": record(
        id=ID,
        id_connection=ID,
        id_user=ID,
        id_source=ID,
        id_parent=told(or_null(ID), "The account that it belongs to."),
        number=TEXT,
        original_name=TEXT,
        name=TEXT,
        balance=NUMBER,
        coming=told(or_null(NUMBER), "What is still to be booked."),
        display=TRUTH,
        last_update=or_null(INSTANT),
        deleted=_NULL,
        disabled=_DISABLED,
        iban=or_null(TEXT),
        currency=ref("Currency"),
        type=told(TEXT, "checking, savings, card, loan and others."),
        id_type=ID,
        bookmarked=TRUTH,
        error=_NULL,
        usage=or_null(one_of("PRIV", "ORGA")),
        ownership=TEXT,
        company_name=_NULL,
        loan=_NULL,
    ),
    "Subscription": record(
        id=ID,
        id_connection=ID,
        id_user=ID,
        id_source=ID,
        number=TEXT,
        label=TEXT,
        subscriber=TEXT,
        validity=_NULL,
        renewdate=_NULL,
        last_update=or_null(INSTANT),
        deleted=_NULL,
        disabled=_DISABLED,
        error=_NULL,
    ),
    "Enabling": choice(
        "disabled",
        disabled=told(or_null(TRUTH), "false or null enables."),
    ),
    "EnablingForm": record(
        disabled=told(
            one_of("true", "1", "false", "0", "null"), "false, 0 or null enables."
        )
    ),
}

EXAMPLE: Final[dict[str, Any]] = {
    "id": 9,
    "id_user": 5,
    "id_connector": 40,
    "id_provider": 40,
    "id_bank": 40,
    "state": None,
    "error": None,
    "error_message": None,
    "fields": None,
    "last_update": "2026-03-02T09:15:00.000Z",
    "created": "2026-03-01T12:05:00.000Z",
    "active": True,
    "last_push": "2026-03-02T09:15:01.204Z",
    "expire": "2026-08-29T09:15:00.000Z",
    "connector_uuid": CONNECTOR,
    "next_try": "2026-03-03T04:31:00.000Z",
}
WAITING_EXAMPLE: Final[dict[str, Any]] = {
    **EXAMPLE,
    "state": "SCARequired",
    "error": "SCARequired",
    "error_message": "The sandbox was asked for SCARequired.",
    "last_update": None,
    "last_push": None,
    "expire": None,
    "next_try": None,
}
DELETED_EXAMPLE: Final[dict[str, Any]] = {**EXAMPLE, "active": False, "next_try": None}
NEW_EXAMPLE: Final[dict[str, Any]] = {
    "connector_uuid": CONNECTOR,
    "login": "ada",
    "password": "1234",
}
ACCOUNT_EXAMPLE: Final[dict[str, Any]] = {
    "id": 21,
    "id_connection": 9,
    "id_user": 5,
    "id_source": 9,
    "id_parent": None,
    "number": "00000012345",
    "original_name": "CURRENT ACCOUNT",
    "name": "Current account",
    "balance": 1845.2,
    "coming": None,
    "display": True,
    "last_update": "2026-03-02T09:15:00.000Z",
    "deleted": None,
    "disabled": None,
    "iban": "FR7630004000010000001234543",
    "currency": {
        "id": "EUR",
        "name": "Euro",
        "symbol": "€",
        "prefix": False,
        "crypto": False,
        "precision": 2,
        "marketcap": None,
        "datetime": None,
    },
    "type": "checking",
    "id_type": 2,
    "bookmarked": False,
    "error": None,
    "usage": "PRIV",
    "ownership": "owner",
    "company_name": None,
    "loan": None,
}
SUBSCRIPTION_EXAMPLE: Final[dict[str, Any]] = {
    "id": 31,
    "id_connection": 9,
    "id_user": 5,
    "id_source": 9,
    "number": "SUB-000031",
    "label": "Electricity",
    "subscriber": "Ada Lovelace",
    "validity": None,
    "renewdate": None,
    "last_update": "2026-03-02T09:15:00.000Z",
    "deleted": None,
    "disabled": None,
    "error": None,
}
