"""Emission: an event, or a bulk of them."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import ALIASES, CATALOGUE
from apps.webhooks.api.events import KEY_CHARACTERS, MAX_EVENTS
from apps.webhooks.openapi.shapes import (
    COUNT,
    GIVEN_ID,
    ID,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    ref,
    told,
)

KEY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": KEY_CHARACTERS,
    "pattern": "^[ -~]+$",
    "description": "The same event with the same key is emitted once.",
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Emission": choice(
        "event",
        "payload",
        event=one_of(*CATALOGUE, *ALIASES),
        payload={
            "type": "object",
            "not": {"required": ["id_webhook_data"]},
            "description": "The body to deliver, to which `id_webhook_data` is added. "
            "It is kept to the letter: `1.10` stays `1.10`.",
        },
        id_user=told(or_null(GIVEN_ID), "Whom it is about."),
        idempotency_key=or_null(KEY),
    ),
    "Emissions": {
        "type": "array",
        "items": ref("Emission"),
        "minItems": 1,
        "maxItems": MAX_EVENTS,
    },
    "EmissionBulk": record(events=ref("Emissions")),
    "Emitted": record(
        id_event=ID,
        webhooks=told(COUNT, "How many webhooks are told of it."),
        repeated=told(TRUTH, "It was emitted before, with the same key."),
    ),
    "EmittedBulk": record(
        events={"type": "array", "items": ref("Emitted")}, total=COUNT
    ),
}

EMISSION_EXAMPLE: Final[dict[str, Any]] = {
    "event": "CONNECTION_SYNCED",
    "id_user": 5,
    "payload": {"user": {"id": 5}, "connection": {"id": 9, "state": None}},
}
BULK_EXAMPLE: Final[dict[str, Any]] = {
    "events": [
        {
            "event": "PAYMENT_STATE_UPDATED",
            "payload": {"id": 7, "state": "done"},
            "idempotency_key": "payment-7-done",
        },
        {"event": "USER_CREATED", "id_user": 5, "payload": {"id": 5}},
    ]
}
EMITTED_EXAMPLE: Final[dict[str, Any]] = {
    "id_event": 1042,
    "webhooks": 2,
    "repeated": False,
}
EMITTED_BULK_EXAMPLE: Final[dict[str, Any]] = {
    "events": [EMITTED_EXAMPLE, {"id_event": 1043, "webhooks": 0, "repeated": False}],
    "total": 2,
}
